"""Opening and closing the SSH connection of one transfer."""

from __future__ import annotations

import logging
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import fabric
from paramiko import (
    AuthenticationException,
    BadHostKeyException,
    ChannelException,
    SSHException,
    Transport,
)
from paramiko.ssh_exception import ConfigParseError, NoValidConnectionsError

from scitacean.errors import (
    ConfigurationError,
    FileNotAccessibleError,
    FileServerLoginError,
    HostKeyError,
    HostNotReachableError,
)
from scitacean.transfer.ssh.host_keys import check_host_keys, host_key_changed
from scitacean.transfer.ssh.login import load_key, login_refused
from scitacean.transfer.ssh.sftp_session import SftpSession

if TYPE_CHECKING:
    from scitacean.transfer.ssh.settings import SSHSettings

_FAST_CIPHER = "aes128-gcm@openssh.com"
# More makes sshd buffer and burn time, less makes a long line idle.
_WINDOW = 4 << 20
_JOIN_SECONDS = 10.0


@attrs.frozen
class Connected:
    """An open connection.

    Attributes
    ----------
    transport:
        For commands.
    sftp:
        For files.
    host:
        Name for messages.
    timeout:
        How many seconds a silent server is waited for.
    round_trip:
        How many seconds it takes until an answer comes.
    """

    transport: Transport
    sftp: SftpSession
    host: str
    timeout: float
    round_trip: float = 0.0


@contextmanager
def connected(settings: SSHSettings) -> Iterator[Connected]:
    """Connect and sign in; disconnect at the end.

    Raises
    ------
    ConfigurationError
        If the SSH configuration or the known host keys cannot be read.
    HostNotReachableError
        If the host is down or unknown, or answers no SSH.
    HostKeyError
        If the host's key is not the known one.
    FileServerLoginError
        If the login is refused.
    FileNotAccessibleError
        If the host offers no SFTP.
    """
    # Without any handler Python prints what the library logs, tracebacks of expected errors among it.
    logging.getLogger("paramiko").addHandler(logging.NullHandler())
    connection = _fabric_connection(settings)
    try:
        if not connection.is_connected:
            _open(connection, settings)
        sftp = _open_sftp(connection.transport, settings)
        yield Connected(connection.transport, sftp, connection.host, settings.timeout, _round_trip(sftp))
    finally:
        _close(connection)


def _fabric_connection(settings: SSHSettings) -> fabric.Connection:
    if settings.connect is not None:
        return settings.connect()
    runtime_path = None if settings.config is None else str(settings.config.expanduser())
    try:
        # Lazy: Fabric's own configuration files are for its commands, and may run code.
        config = fabric.Config(lazy=True, runtime_ssh_path=runtime_path)
        config.load_ssh_config()
        return fabric.Connection(
            settings.host,
            user=settings.username,
            port=settings.port,
            config=config,
            connect_timeout=math.ceil(settings.timeout),
            connect_kwargs={
                "banner_timeout": settings.timeout,
                "auth_timeout": settings.timeout,
                "channel_timeout": settings.timeout,
            },
        )
    except (OSError, ValueError, ConfigParseError) as error:
        raise ConfigurationError(
            f"Cannot use the SSH configuration for {settings.host!r}: {error}.",
            hint="Check the parameters host, port, username and config, and the configuration file.",
        ) from None


def _open(connection: fabric.Connection, settings: SSHSettings) -> None:
    for hop in _hops(connection):
        check_host_keys(hop.client, settings.known_hosts)
        hop.connect_kwargs.setdefault("transport_factory", _fast_transport)
        hop.connect_kwargs["key_filename"] = [
            name for name in hop.connect_kwargs.get("key_filename", []) if Path(name).expanduser().exists()
        ]
    if settings.key_filename is not None:
        connection.connect_kwargs["pkey"] = load_key(settings.key_filename, settings.passphrase)
    for name in ("password", "passphrase"):
        if (secret := getattr(settings, name)) is not None:
            connection.connect_kwargs[name] = secret.get_str()
    where = f"{connection.host} port {connection.port}"
    try:
        connection.open()
    except HostKeyError as error:
        # The frames in between hold the password.
        raise error.with_traceback(None) from None
    except BadHostKeyException as error:
        port = next((hop.port for hop in _hops(connection) if hop.host == error.hostname), connection.port)
        raise host_key_changed(error, port=port, known_hosts=settings.known_hosts) from None
    except UnicodeError as error:
        raise _unsendable(error, connection, settings) from None
    except (SSHException, ValueError) as error:
        raise _refused(error, connection, settings) from None
    except (OSError, EOFError) as error:
        raise HostNotReachableError(
            f"Cannot connect to the file server {where}: {_reason(error)}.",
            hint="Check the name and the port, and that you are in a network from which it can be reached.",
        ) from None


def _unsendable(
    error: UnicodeError, connection: fabric.Connection, settings: SSHSettings
) -> ConfigurationError | HostNotReachableError | FileServerLoginError:
    # Names behind a jump host are looked up there.
    first = [*_hops(connection)][-1]
    if first.client.get_transport() is not None:
        return _refused(error, connection, settings)
    return ConfigurationError(
        f"No host can have the name {first.host!r}: {error}.",
        hint="Check the parameter host and, where there is one, the host's entry in the SSH configuration.",
    )


def _refused(
    error: Exception, connection: fabric.Connection, settings: SSHSettings
) -> HostNotReachableError | FileServerLoginError:
    transport = connection.client.get_transport()
    # The library says "not a valid key" or the like for a login that failed with all it had; but then
    # the connection is still there.
    if isinstance(error, AuthenticationException | ValueError) or (transport and _is_encrypted(transport)):
        return login_refused(
            f"{connection.user!r} at {connection.host} port {connection.port}",
            error,
            key=settings.key_filename,
            with_password=settings.password is not None,
        )
    return HostNotReachableError(
        f"{connection.host} port {connection.port} does not talk SSH with us: {_reason(error)}.",
        hint="Check the port; the server may also be busy, or too old for the methods that are safe today.",
    )


def _is_encrypted(transport: Transport) -> bool:
    try:
        transport.get_remote_server_key()
    except SSHException:
        # It broke, or the server has not answered in time, which the library passes over.
        return False
    return True


def _reason(error: BaseException) -> str:
    if isinstance(error, NoValidConnectionsError):
        return ", ".join(sorted({_reason(cause) for cause in error.errors.values()}))
    if isinstance(error, ChannelException):
        return error.text.lower()
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).rstrip(".") or "the connection broke"


def _open_sftp(transport: Transport, settings: SSHSettings) -> SftpSession:
    try:
        channel = transport.open_session(window_size=_WINDOW, timeout=settings.timeout)
        channel.settimeout(settings.timeout)
        channel.invoke_subsystem("sftp")
    except (SSHException, EOFError, OSError) as error:
        raise FileNotAccessibleError(
            f"The file server {settings.host} let us in but offers no SFTP: {_reason(error)}.",
            hint="Ask those who run it to enable SFTP for your account.",
        ) from None
    return SftpSession(channel, host=settings.host)


def _round_trip(sftp: SftpSession) -> float:
    times = []
    for _ in range(3):
        before = time.perf_counter()
        sftp.ping()
        times.append(time.perf_counter() - before)
    return min(times)


def _hops(connection: fabric.Connection) -> Iterator[fabric.Connection]:
    """Yield the connection and the jump hosts before it."""
    hop = connection
    while isinstance(hop, fabric.Connection):
        yield hop
        hop = hop.gateway


def _fast_transport(sock: socket.socket, **options: object) -> Transport:
    # A channel through a jump host, or a proxy's pipe, has no such option.
    if isinstance(sock, socket.socket):
        # Otherwise every small request waits some 40 ms for the acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    transport = Transport(sock, **options)  # type: ignore[arg-type]  # passed through as paramiko gives them
    security = transport.get_security_options()
    if _FAST_CIPHER in security.ciphers:
        security.ciphers = (_FAST_CIPHER, *(name for name in security.ciphers if name != _FAST_CIPHER))
    return transport


def _close(connection: fabric.Connection) -> None:
    for hop in _hops(connection):
        transport = hop.client.get_transport()
        hop.close()
        # Fabric leaves a connection alone that broke or that never signed in.
        hop.client.close()
        if transport is not None:
            transport.join(_JOIN_SECONDS)
