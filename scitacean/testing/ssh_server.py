"""An SSH server for tests that needs nothing installed but asyncssh: no root, any operating system."""

from __future__ import annotations

import errno
import hmac
import os
from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias, TypeVar

import attrs

from scitacean.testing.loop_thread import loop_thread
from scitacean.testing.running_ssh import RunningSSHServer, SSHKeys, asyncssh, behind_relay, ssh_keys
from scitacean.testing.ssh_command import run_command

_T = TypeVar("_T")
MaybeAwait: TypeAlias = _T | Awaitable[_T]
"""What asyncssh lets methods of a server return."""

_WRITING = 0x02 | 0x04 | 0x08 | 0x10
"""The flags of SFTP's open that change files: write, append, create, truncate."""


@contextmanager
def ssh_server(
    root: Path,
    *,
    username: str = "scientist",
    password: str | None = None,
    authorized_keys: Sequence[str] = (),
    shell: bool = True,
    sftp: bool = True,
    forwarding: bool = False,
    read_only: bool = False,
    free_space: int | None = None,
) -> Iterator[RunningSSHServer]:
    """Run an SSH and SFTP server in a thread.

    Its paths are those of this machine and its commands run as this user: it listens on the loopback
    interface only.

    Parameters
    ----------
    root:
        Folder that tests put their files into.
    username:
        The one user.
    password:
        The user's password; None for no sign-in with passwords.
    authorized_keys:
        Public keys that are accepted beside the one in ``key_file``, as lines of OpenSSH.
    shell:
        Whether commands are run.
    sftp:
        Whether files are served.
    forwarding:
        Whether the server is a jump host.
    read_only:
        Whether all changes are refused.
    free_space:
        How many bytes can be written until the disk counts as full; None for no limit of its own.

    Raises
    ------
    ConfigurationError
        On import, if asyncssh is not installed.

    Examples
    --------
    >>> from pathlib import Path
    >>> with ssh_server(Path.cwd()) as server:
    ...     server.host, server.username
    ('127.0.0.1', 'scientist')
    """
    with ssh_keys() as keys, loop_thread() as thread:
        own = keys.client_key.export_public_key().decode()
        account = _Account(
            username=username,
            password=password,
            keys=frozenset(asyncssh.import_public_key(line) for line in (own, *authorized_keys)),
            forwarding=forwarding,
        )
        disk = _Disk(read_only=read_only, free_space=free_space)
        acceptor = thread.run(_listen(keys, account, disk if sftp else None, shell=shell))
        try:
            with behind_relay(
                thread,
                keys,
                server_port=acceptor.get_port(),
                username=username,
                password=password,
                root=root,
            ) as server:
                yield server
        finally:
            thread.run(_stop(acceptor))


@attrs.frozen(kw_only=True)
class _Account:
    username: str
    password: str | None = attrs.field(repr=False)
    keys: frozenset[asyncssh.SSHKey]
    forwarding: bool


@attrs.define(kw_only=True)
class _Disk:
    read_only: bool
    free_space: int | None


class _Server(asyncssh.SSHServer):
    def __init__(self, account: _Account) -> None:
        self._account = account

    def password_auth_supported(self) -> bool:
        return self._account.password is not None

    def validate_password(self, username: str, password: str) -> bool:
        expected = self._account.password
        return (
            username == self._account.username
            and expected is not None
            and hmac.compare_digest(password.encode(), expected.encode())
        )

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == self._account.username and key in self._account.keys

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        del dest_host, dest_port, orig_host, orig_port
        return self._account.forwarding


class _Files(asyncssh.SFTPServer):
    def __init__(self, channel: asyncssh.SSHServerChannel[bytes], disk: _Disk) -> None:
        super().__init__(channel)
        self._disk = disk

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        if pflags & _WRITING:
            self._check_writable()
        return super().open(path, pflags, attrs)

    def write(self, file_obj: object, offset: int, data: bytes) -> MaybeAwait[int]:
        if self._disk.free_space is not None:
            if len(data) > self._disk.free_space:
                self._disk.free_space = 0
                raise OSError(errno.ENOSPC, "No space left on device")
            self._disk.free_space -= len(data)
        return super().write(file_obj, offset, data)

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> MaybeAwait[None]:
        self._check_writable()
        return super().mkdir(path, attrs)

    def rmdir(self, path: bytes) -> MaybeAwait[None]:
        self._check_writable()
        return super().rmdir(path)

    def remove(self, path: bytes) -> MaybeAwait[None]:
        self._check_writable()
        return super().remove(path)

    def rename(self, oldpath: bytes, newpath: bytes) -> MaybeAwait[None]:
        self._check_writable()
        return super().rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> MaybeAwait[None]:
        self._check_writable()
        return super().posix_rename(oldpath, newpath)

    def symlink(self, oldpath: bytes, newpath: bytes) -> MaybeAwait[None]:
        self._check_writable()
        return super().symlink(oldpath, newpath)

    def link(self, oldpath: bytes, newpath: bytes) -> MaybeAwait[None]:
        self._check_writable()
        return super().link(oldpath, newpath)

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> MaybeAwait[None]:
        self._check_writable()
        return super().setstat(path, attrs)

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> MaybeAwait[None]:
        self._check_writable()
        return super().lsetstat(path, attrs)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> MaybeAwait[None]:
        self._check_writable()
        return super().fsetstat(file_obj, attrs)

    def statvfs(self, path: bytes) -> MaybeAwait[os.statvfs_result | asyncssh.SFTPVFSAttrs]:
        if self._disk.free_space is None:
            return super().statvfs(path)
        free = self._disk.free_space
        return asyncssh.SFTPVFSAttrs(bsize=1, frsize=1, blocks=free + 1, bavail=free)

    def _check_writable(self) -> None:
        if self._disk.read_only:
            raise asyncssh.SFTPPermissionDenied("Permission denied")


async def _listen(
    keys: SSHKeys, account: _Account, disk: _Disk | None, *, shell: bool
) -> asyncssh.SSHAcceptor:
    return await asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=[keys.host_key],
        server_factory=lambda: _Server(account),
        sftp_factory=None if disk is None else lambda channel: _Files(channel, disk),
        process_factory=run_command if shell else None,
        encoding=None,
    )


async def _stop(acceptor: asyncssh.SSHAcceptor) -> None:
    acceptor.close()
    await acceptor.wait_closed()
