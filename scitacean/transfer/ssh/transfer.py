"""The file transfer over SSH: its settings, and how its connections are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial, partialmethod
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Literal, Self
from weakref import finalize

from scitacean.credentials import SecretStr, StrStorage, check_importable
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import Verified
from scitacean.transfer.source_folder import source_folder_for
from scitacean.transfer.ssh.paths import HostPaths
from scitacean.transfer.ssh.prompts import Ask
from scitacean.transfer.ssh.settings import SSHSettings

if TYPE_CHECKING:
    from fabric import Connection

    from scitacean.transfer.ssh.ahead import CommandsAhead
    from scitacean.transfer.ssh.download import SSHDownloadConnection
    from scitacean.transfer.ssh.lanes import Line
    from scitacean.transfer.ssh.pool import ConnectionPool
    from scitacean.transfer.ssh.remote_command import Program
    from scitacean.transfer.ssh.upload import SSHUploadConnection


_NOT_KEPT = ("_pool", "_made", "_tools")


class SSHFileTransfer:
    """Moves files to and from a file server over SSH.

    It reads the SSH configuration, with its jump hosts, signs in with a key, the agent, a password or a
    person's answers, and accepts known host keys only. Nothing is connected before files are moved;
    connections are kept for the next time until :meth:`close`, the end of a ``with`` statement, or the end
    of the process.

    Several threads may use one transfer. A pickle of it names where secrets come from, see
    :class:`scitacean.credentials.EnvironmentSecret` and its like; it connects anew where it is loaded.

    Parameters
    ----------
    host:
        Name or address of the server, or a ``Host`` of the SSH configuration.
    port:
        Port; None for what the SSH configuration says, or 22.
    username:
        User there; None for what the SSH configuration says, or one's name here.
    password:
        Password of the account; a text cannot be pickled.
    passphrase:
        Passphrase of ``key_filename``.
    key_filename:
        Private key to sign in with, before those of the agent and of ``~/.ssh``.
    known_hosts:
        File of known host keys; None for ``~/.ssh/known_hosts`` and those of the system.
    config:
        SSH configuration; None for ``~/.ssh/config`` and that of the system.
    source_folder:
        Pattern for the folder of new datasets, see
        :func:`scitacean.transfer.source_folder.source_folder_for`; None for each dataset's own source
        folder.
    path_prefixes:
        Folders of the catalogue that have other paths on the host: ``{"/nfs/data": "/data"}``. The
        longest that matches by whole names counts.
    ask:
        Asks a person for passwords, passphrases and second factors: called with a
        :class:`scitacean.transfer.ssh.Prompt`, one at a time, returns the answer. None for nobody.
    verify:
        How files that were sent are checked: ``"checksum"``, on the host where it can; ``"sample"``, by
        reading parts back; ``"size"``.
    connections:
        How many connections are used at once, 1 to 16; ``"auto"`` for as many as the line needs.
    file_mode, folder_mode:
        Permissions of files and folders on the host, like ``0o640``; None for what is there by default.
    keep_times:
        Whether files keep the time of their last change.
    sync:
        Whether the host writes files to its disk before they count as sent, where it can.
    timeout:
        How many seconds connecting may take, and how long the server may be silent.
    keep_alive:
        After how many idle seconds a sign of life is sent; 0 for never.
    connect:
        Called without arguments for each connection instead of connecting from these parameters; returns
        a ``fabric.Connection``, which is closed with this transfer. Where it is not open yet, host keys
        are checked as said here.

    Raises
    ------
    ConfigurationError
        If a parameter has a value that it cannot have.

    Examples
    --------
    >>> transfer = SSHFileTransfer("files.site.example", source_folder="/data/{owner_group}/{name}")
    >>> dataset = Dataset(type="raw", name="run 7", owner_group="beamline1")
    >>> transfer.source_folder_for(dataset)
    RemotePath('/data/beamline1/run_7')
    """

    def __init__(
        self,
        host: str,
        *,
        port: int | None = None,
        username: str | None = None,
        password: str | StrStorage | None = None,
        passphrase: str | StrStorage | None = None,
        key_filename: str | PathLike[str] | None = None,
        known_hosts: str | PathLike[str] | None = None,
        config: str | PathLike[str] | None = None,
        source_folder: str | RemotePath | None = None,
        path_prefixes: Mapping[str, str] | None = None,
        ask: Ask | None = None,
        verify: Verified = "checksum",
        connections: int | Literal["auto"] = "auto",
        file_mode: int | None = None,
        folder_mode: int | None = None,
        keep_times: bool = True,
        sync: bool = True,
        timeout: float = 60.0,
        keep_alive: float = 30.0,
        connect: Callable[[], Connection] | None = None,
    ) -> None:
        # What is raised from here on brings these variables along, in tracebacks that show them.
        password, passphrase = _secret(password), _secret(passphrase)
        self._settings = SSHSettings(
            host=host,
            port=port,
            username=username,
            password=password,
            passphrase=passphrase,
            key_filename=_path(key_filename),
            known_hosts=_path(known_hosts),
            config=_path(config),
            ask=ask,
            verify=verify,
            connections=connections,
            file_mode=file_mode,
            folder_mode=folder_mode,
            keep_times=keep_times,
            sync=sync,
            timeout=timeout,
            keep_alive=keep_alive,
            connect=connect,
        )
        self._source_folder = source_folder
        self._paths = HostPaths(path_prefixes)
        self._pool: ConnectionPool | None = None
        self._made = Lock()
        self._tools: dict[str, bool] = {}

    def __getstate__(self) -> dict[str, object]:
        check_importable(self._settings.ask, "The function ask")
        check_importable(self._settings.connect, "The function connect")
        return self._state()

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._pool = None
        self._made = Lock()
        self._tools = {}

    def __deepcopy__(self, memo: object) -> Self:
        # Nothing of it changes but the connections, and these are not shared.
        other = self.__class__.__new__(self.__class__)
        other.__setstate__(self._state())
        return other

    __copy__ = partialmethod(__deepcopy__, None)

    def _state(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name not in _NOT_KEPT}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; those in use when they are no longer. It may be used again.

        Examples
        --------
        >>> transfer = SSHFileTransfer("files.site.example")
        >>> transfer.close()
        """
        if self._pool is not None:
            self._pool.close()

    def _connections(self) -> ConnectionPool:
        # Imported late because it loads Fabric, which takes longer than all of the rest.
        from scitacean.transfer.ssh.pool import ConnectionPool

        with self._made:
            if self._pool is None:
                self._pool = ConnectionPool(self._settings)
                # Where nobody closes it, the end of this object or of the process does.
                finalize(self, self._pool.close)
        return self._pool

    def __repr__(self) -> str:
        # A traceback may show one whose settings were refused.
        settings = self.__dict__.get("_settings")
        if settings is None:
            return f"{type(self).__name__}(...)"
        return f"{type(self).__name__}(host={settings.host!r}, port={settings.port!r})"

    def source_folder_for(self, dataset: Dataset) -> RemotePath:
        """Return the folder that the files of a dataset go to, in the catalogue's terms.

        Raises
        ------
        ConfigurationError
            If the pattern cannot be filled in.
        """
        return source_folder_for(dataset, self._source_folder)

    @contextmanager
    def connect_for_download(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[SSHDownloadConnection]:
        """Connect to fetch files; the connection is kept for the next time.

        Raises
        ------
        FileNotAccessibleError
            If there is no connection: its subclasses tell why.
        ConfigurationError
            If the SSH configuration or the known host keys cannot be read.
        """
        # Imported late because it loads Fabric, which takes longer than all of the rest.
        from scitacean.transfer.ssh.download import SSHDownloadConnection
        from scitacean.transfer.ssh.programs import programs_to_fetch

        del representative_file_path
        with self._line(programs_to_fetch(dataset, self._tools)) as (line, ahead):
            yield SSHDownloadConnection(
                line, self._paths, connections=self._most(), tools=self._tools, ahead=ahead
            )

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[SSHUploadConnection]:
        """Connect to send files into the dataset's source folder; the connection is kept for the next time.

        Raises
        ------
        FileNotAccessibleError
            If there is no connection: its subclasses tell why.
        ConfigurationError
            If the SSH configuration or the known host keys cannot be read, or the pattern for the source
            folder cannot be filled in.
        """
        # Imported late because it loads Fabric, which takes longer than all of the rest.
        from scitacean.transfer.ssh.programs import programs_to_send
        from scitacean.transfer.ssh.sending import SendSettings
        from scitacean.transfer.ssh.upload import SSHUploadConnection

        del representative_file_path
        source_folder = self.source_folder_for(dataset)
        settings = self._settings
        how = SendSettings(settings.file_mode, settings.folder_mode, settings.keep_times, settings.sync)
        programs = programs_to_send(dataset, self._tools, how, verify=settings.verify)
        with self._line(programs) as (line, ahead):
            yield SSHUploadConnection(
                line,
                self._paths,
                source_folder=source_folder,
                verify=settings.verify,
                connections=self._most(),
                settings=how,
                tools=self._tools,
                ahead=ahead,
            )

    @contextmanager
    def _line(self, programs: Sequence[Program]) -> Iterator[tuple[Line, CommandsAhead]]:
        from scitacean.transfer.ssh.ahead import Beginning, CommandsAhead
        from scitacean.transfer.ssh.lanes import Line

        borrow = self._connections().borrow
        beginning = Beginning(programs)
        with borrow(beginning=beginning) as connection:
            line = Line(connection, borrow, partial(borrow, anew=True))
            try:
                with CommandsAhead(line, self._tools) as ahead:
                    beginning.hand_over(ahead)
                    yield line, ahead
            finally:
                line.close()

    def _most(self) -> int | Literal["auto"]:
        """Return how many connections to use: nobody is asked for a second factor more often than needed."""
        wanted = self._settings.connections
        return 1 if wanted == "auto" and self._settings.ask is not None else wanted


def _secret(value: str | StrStorage | None) -> StrStorage | None:
    # Only what names its source, or takes care of itself, can be pickled.
    return SecretStr(value) if isinstance(value, str) or type(value) is StrStorage else value


def _path(value: str | PathLike[str] | None) -> Path | None:
    return None if value is None else Path(value)
