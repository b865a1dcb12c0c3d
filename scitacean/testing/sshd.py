"""OpenSSH's own server for tests, run as this user from a temporary folder, where it is installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from scitacean.errors import ConfigurationError
from scitacean.model.remote_path import RemotePath
from scitacean.testing.loop_thread import loop_thread
from scitacean.testing.running_ssh import RunningSSHServer, SSHKeys, behind_relay, ssh_keys

_START_SECONDS = 10.0
_PRIVILEGE_SEPARATION = Path("/run/sshd")


def find_sshd() -> Path | None:
    """Return where OpenSSH's server is, None where it is not installed or the system is no POSIX one."""
    if os.name != "posix":
        return None
    places = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/sbin"])
    found = shutil.which("sshd", path=places)
    # The program demands to be called by its absolute path.
    return None if found is None else Path(found).absolute()


@contextmanager
def sshd(
    root: Path,
    *,
    shell: bool = True,
    forwarding: bool = False,
    read_only: bool = False,
    chroot: bool = False,
    options: Sequence[str] = (),
) -> Iterator[RunningSSHServer]:
    """Run OpenSSH's server.

    The one user is the one who runs this, who signs in with a key only.

    Parameters
    ----------
    root:
        Folder that tests put their files into.
    shell:
        Whether commands are run; otherwise the server offers SFTP only.
    forwarding:
        Whether the server is a jump host.
    read_only:
        Whether writing is refused.
    chroot:
        Whether ``root`` is all of the file system that one sees there, and no commands are run. Only root can
        run such a server, and ``root`` and all folders above it must belong to root and be writable for
        nobody else.
    options:
        Further lines of the server's configuration, which count more than its own.

    Raises
    ------
    ConfigurationError
        If OpenSSH's server is not installed or does not start.
    """
    program = find_sshd()
    if program is None:
        raise ConfigurationError(
            "OpenSSH's server sshd is not installed.",
            hint="Install it, with: apt-get install openssh-server; or use scitacean.testing.ssh_server.",
        )
    with ssh_keys() as keys, loop_thread() as thread:
        port = _free_port()
        lines = [*options, *([f"ChrootDirectory {root}"] if chroot else [])]
        config = _write_config(
            keys,
            port=port,
            shell=shell and not chroot,
            forwarding=forwarding,
            read_only=read_only,
            options=lines,
        )
        with (
            _running(program, config, port),
            behind_relay(
                thread,
                keys,
                server_port=port,
                username=_own_name(),
                password=None,
                root=root,
                served=RemotePath("/" if chroot else root.as_posix()),
            ) as server,
        ):
            yield server


def _write_config(
    keys: SSHKeys, *, port: int, shell: bool, forwarding: bool, read_only: bool, options: Sequence[str]
) -> Path:
    authorized = keys.folder / "authorized_keys"
    authorized.write_bytes(keys.client_key.export_public_key())
    home = keys.folder / "home"
    home.mkdir(exist_ok=True)
    sftp = "internal-sftp -R" if read_only else "internal-sftp"
    lines = [
        # Of several the first one counts.
        *options,
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {keys.host_key_file}",
        f"AuthorizedKeysFile {authorized}",
        "PidFile none",
        "UsePAM no",
        "StrictModes no",
        "PermitRootLogin yes",
        "PasswordAuthentication no",
        "KbdInteractiveAuthentication no",
        "MaxStartups 100",
        # What the start files of whoever runs this say, and how long they take, is not asked here.
        f'SetEnv HOME="{home}"',
        f"AllowTcpForwarding {'yes' if forwarding else 'no'}",
        f"Subsystem sftp {sftp}",
        *([] if shell else [f"ForceCommand {sftp}"]),
    ]
    config = keys.folder / "sshd_config"
    config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return config


@contextmanager
def _running(program: Path, config: Path, port: int) -> Iterator[None]:
    if os.geteuid() == 0:
        # As root the program insists on this folder, which usually the system's start makes.
        _PRIVILEGE_SEPARATION.mkdir(mode=0o755, exist_ok=True)
    log = config.with_name("log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "-D", "-e", "-f", config], stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait_until_it_listens(process, port, log)
        yield
    finally:
        process.kill()
        process.wait()


def _wait_until_it_listens(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise ConfigurationError(f"sshd does not start: {log.read_text(errors='replace').strip()}")


def _own_name() -> str:
    # Imported here because only POSIX systems have it; getpass would believe the environment.
    import pwd

    return pwd.getpwuid(os.geteuid()).pw_name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
