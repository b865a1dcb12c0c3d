"""Opening and closing the SSH connection of one transfer."""

from __future__ import annotations

import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakSet

import attrs
import fabric
from paramiko import (
    BadHostKeyException,
    Channel,
    ChannelException,
    ProxyCommand,
    SSHException,
    Transport,
)
from paramiko.ssh_exception import ConfigParseError, NoValidConnectionsError

from scitacean.credentials import SecretStr
from scitacean.errors import (
    ConfigurationError,
    FileNotAccessibleError,
    HostNotReachableError,
)
from scitacean.transfer.ssh.channels import ended, giving_up
from scitacean.transfer.ssh.host_keys import KnownOnly, host_key_changed
from scitacean.transfer.ssh.login import SignIn
from scitacean.transfer.ssh.prompts import NotAnsweredError
from scitacean.transfer.ssh.quick_packets import QuickPackets
from scitacean.transfer.ssh.quick_socket import QuickSocket
from scitacean.transfer.ssh.sftp_session import SftpSession

if TYPE_CHECKING:
    from scitacean.transfer.ssh.settings import SSHSettings

_FAST_CIPHER = "aes128-gcm@openssh.com"
# More makes sshd buffer and burn time, less makes a long line idle.
_WINDOW = 4 << 20
_JOIN_SECONDS = 10.0
# What the library says where the time is over before all of the greetings are exchanged.
_NOT_IN_TIME = "No existing session"
_OWN_SECRETS = ("password", "passphrase")
_OWN_SIGN_IN = (*_OWN_SECRETS, "pkey", "key_filename", "allow_agent", "look_for_keys")

# Of this process; one that is forked off must not write to them.
_sockets: WeakSet[socket.socket] = WeakSet()


@attrs.define(eq=False)
class Connected:
    """An open connection.

    Attributes
    ----------
    transport:
        For commands.
    host:
        Name for messages.
    timeout:
        How many seconds a silent server is waited for.
    sftp:
        For files.
    round_trip:
        How many seconds pass until an answer is here.
    """

    transport: Transport
    host: str
    timeout: float
    sftp: SftpSession = attrs.field(init=False)
    round_trip: float = attrs.field(default=0.0, init=False)


@contextmanager
def connected(
    settings: SSHSettings,
    *,
    answers: dict[str, SecretStr] | None = None,
    begin: Callable[[Connected], None] | None = None,
) -> Iterator[Connected]:
    """Connect and sign in; disconnect at the end.

    Parameters
    ----------
    settings:
        How to reach the host.
    answers:
        What a person answered before; what is answered now is added.
    begin:
        Begins something else, while SFTP starts: a login shell may take long.

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
            _open(connection, settings, {} if answers is None else answers)
        for hop in _hops(connection):
            hop.transport.set_keepalive(settings.keep_alive)
        now = Connected(connection.transport, connection.host, settings.timeout)
        # Later answers may wait until the host has started what begins meanwhile.
        channel, now.round_trip = _open_sftp(connection.transport, settings)
        if begin is not None:
            begin(now)
        now.sftp = SftpSession(channel, host=settings.host)
        now.round_trip = min(now.round_trip, now.sftp.round_trip or _round_trip(now.sftp))
        yield now
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
        )
    except (OSError, ValueError, ConfigParseError) as error:
        raise ConfigurationError(
            f"Cannot use the SSH configuration for {settings.host!r}: {error}.",
            hint="Check the parameters host, port, username and config, and the configuration file.",
        ) from None


def _open(connection: fabric.Connection, settings: SSHSettings, answers: dict[str, SecretStr]) -> None:
    for hop in _hops(connection):
        # Of jump hosts too, which Fabric waits for without end.
        hop.connect_timeout = hop.connect_timeout or math.ceil(settings.timeout)
        for name in ("banner_timeout", "auth_timeout", "channel_timeout"):
            hop.connect_kwargs.setdefault(name, settings.timeout)
        known = KnownOnly(hop.host, int(hop.port), settings.known_hosts, hop.ssh_config)
        hop.client.set_missing_host_key_policy(known)
        make = partial(_fast_transport, known.algorithms, settings.timeout)
        hop.connect_kwargs.setdefault("transport_factory", make)
        if "auth_strategy" not in hop.connect_kwargs:
            hop.connect_kwargs["auth_strategy"] = _sign_in(hop, settings, answers, last=hop is connection)
    where = f"{connection.host} port {connection.port}"
    try:
        connection.open()
    except NotAnsweredError as error:
        raise error.reason from None
    except FileNotAccessibleError as error:
        # The frames in between hold the password.
        raise error.with_traceback(None) from None
    except BadHostKeyException as error:
        raise host_key_changed(
            error.hostname, connection.port, error.key, [error.expected_key], known_hosts=settings.known_hosts
        ) from None
    except UnicodeDecodeError:
        raise _no_ssh(where, "it names its methods in no text") from None
    except UnicodeError as error:
        # Names behind a jump host are looked up there.
        first = [*_hops(connection)][-1]
        raise ConfigurationError(
            f"No host can have the name {first.host!r}: {error}.",
            hint="Check the parameter host and, where it has one, its entry in the SSH configuration.",
        ) from None
    except (SSHException, ValueError) as error:
        raise _no_ssh(where, _reason(error)) from None
    except (OSError, EOFError) as error:
        raise HostNotReachableError(
            f"Cannot connect to the file server {where}: {_reason(error)}.",
            hint="Check the name and the port, and that you are in a network from which it can be reached.",
        ) from None


def _no_ssh(where: str, reason: str) -> HostNotReachableError:
    return HostNotReachableError(
        f"{where} does not talk SSH with us, or not any more: {reason}.",
        hint="The server may be busy or hang, or be too old for the methods safe today; or the port is "
        "another one.",
    )


def _sign_in(
    hop: fabric.Connection, settings: SSHSettings, answers: dict[str, SecretStr], *, last: bool
) -> SignIn:
    """Tell how to sign in at a host; what the settings name is for the last one, not for jump hosts."""
    # All that the library would sign in with by itself, which it must not be given beside this.
    own = {name: hop.connect_kwargs.pop(name, None) for name in _OWN_SIGN_IN}
    files = own["key_filename"] or []
    certificate = hop.ssh_config.get("certificatefile")
    password, passphrase = (None if own[name] is None else SecretStr(own[name]) for name in _OWN_SECRETS)
    return SignIn(
        user=hop.user,
        where=f"{hop.host} port {hop.port}",
        password=(settings.password if last else None) or password,
        passphrase=(settings.passphrase if last else None) or passphrase,
        key=own["pkey"],
        key_file=settings.key_filename if last else None,
        configured=[Path(name) for name in ([files] if isinstance(files, str) else files)],
        certificate=None if certificate is None else Path(certificate),
        only_these=hop.ssh_config.get("identitiesonly", "no") == "yes",
        agent=own["allow_agent"] is not False,
        users=own["look_for_keys"] is not False,
        ask=settings.ask,
        answers=answers,
        timeout=settings.timeout,
    )


def _reason(error: BaseException) -> str:
    if isinstance(error, NoValidConnectionsError):
        return ", ".join(sorted({_reason(cause) for cause in error.errors.values()}))
    if isinstance(error, ChannelException):
        return error.text.lower()
    if isinstance(error, TimeoutError) or str(error) == _NOT_IN_TIME:
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return str(error).rstrip(".") or "the connection broke"


def _open_sftp(transport: Transport, settings: SSHSettings) -> tuple[Channel, float]:
    """Ask for SFTP; return its channel, and how long the answer to the first request took."""
    begin = time.perf_counter()
    try:
        channel = transport.open_session(window_size=_WINDOW, timeout=settings.timeout)
        answered_after = time.perf_counter() - begin
        channel.settimeout(settings.timeout)
        with giving_up(channel):
            channel.invoke_subsystem("sftp")
    except (SSHException, EOFError, OSError) as error:
        if isinstance(error, TimeoutError) or not transport.is_active():
            raise HostNotReachableError(
                f"The file server {settings.host} let us in, but then: {_reason(error)}.",
                hint="The server may be busy; try again later.",
            ) from None
        raise FileNotAccessibleError(
            f"The file server {settings.host} let us in but offers no SFTP: {_reason(error)}.",
            hint="Ask those who run it to enable SFTP for your account.",
        ) from None
    return channel, answered_after


def _hops(connection: fabric.Connection) -> Iterator[fabric.Connection]:
    """Yield the connection and the jump hosts before it."""
    hop = connection
    while isinstance(hop, fabric.Connection):
        yield hop
        hop = hop.gateway


def _round_trip(sftp: SftpSession) -> float:
    begin = time.perf_counter()
    sftp.ping()
    return time.perf_counter() - begin


def _fast_transport(
    host_keys: Sequence[str], timeout: float, sock: socket.socket, **options: object
) -> Transport:
    # A channel through a jump host, or a proxy's pipe, has no such option.
    if isinstance(sock, socket.socket):
        sock = QuickSocket.instead_of(sock)
        # Otherwise every small request waits some 40 ms for the acknowledgement of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # For a server that takes nothing any more the library waits for ever.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, math.ceil(timeout * 1000))
        _sockets.add(sock)
    transport = Transport(sock, packetizer_class=QuickPackets, **options)  # type: ignore[arg-type]  # passed through as paramiko gives them
    security = transport.get_security_options()
    if _FAST_CIPHER in security.ciphers:
        security.ciphers = (_FAST_CIPHER, *(name for name in security.ciphers if name != _FAST_CIPHER))
    wanted = [name for name in host_keys if name in security.key_types]
    security.key_types = (*wanted, *(name for name in security.key_types if name not in wanted))
    return transport


def _close(connection: fabric.Connection) -> None:
    for hop in _hops(connection):
        transport = hop.client.get_transport()
        # Behind a jump host whose connection broke there is nothing to say farewell through.
        # Fabric leaves a connection alone that broke or that never signed in.
        are_closed = ended(hop.close) and ended(hop.client.close)
        if transport is None:
            continue
        if not are_closed:
            with suppress(OSError):
                transport.sock.close()
        # Garbage may be collected in any thread, this one of all.
        elif transport is not threading.current_thread():
            transport.join(_JOIN_SECONDS)
        if isinstance(transport.sock, ProxyCommand):
            # The library ends it, but leaves its pipes and what is left of it.
            with transport.sock.process as process:
                process.kill()


def _leave_to_parent() -> None:
    # What the child forgets says farewell to the server on the parent's line otherwise.
    for sock in list(_sockets):
        sock.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
