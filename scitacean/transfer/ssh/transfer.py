"""The file transfer over SSH: its settings, and how its connections are made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from scitacean.credentials import SecretStr, StrStorage
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import Verified
from scitacean.transfer.source_folder import source_folder_for
from scitacean.transfer.ssh.paths import HostPaths
from scitacean.transfer.ssh.settings import SSHSettings

if TYPE_CHECKING:
    from fabric import Connection

    from scitacean.transfer.ssh.download import SSHDownloadConnection
    from scitacean.transfer.ssh.upload import SSHUploadConnection


class SSHFileTransfer:
    """Moves files to and from a file server over SSH.

    It reads the SSH configuration, with its jump hosts, signs in with a key, the agent or a password,
    and accepts known host keys only. Nothing is connected before files are moved.

    Parameters
    ----------
    host:
        Name or address of the server, or a ``Host`` of the SSH configuration.
    port:
        Port; None for what the SSH configuration says, or 22.
    username:
        User there; None for what the SSH configuration says, or one's name here.
    password:
        Password of the account.
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
    timeout:
        How many seconds connecting may take, and how long the server may be silent.
    connect:
        Called without arguments for each connection instead of connecting from these parameters; returns
        a ``fabric.Connection``, which is closed after the transfer. Where it is not open yet, host keys
        are checked as said here.

    Examples
    --------
    >>> transfer = SSHFileTransfer(host="files.site.example", source_folder="/data/{owner_group}/{name}")
    >>> dataset = Dataset(type="raw", name="run 7", owner_group="beamline1")
    >>> transfer.source_folder_for(dataset)
    RemotePath('/data/beamline1/run_7')
    """

    def __init__(
        self,
        *,
        host: str,
        port: int | None = None,
        username: str | None = None,
        password: str | StrStorage | None = None,
        passphrase: str | StrStorage | None = None,
        key_filename: str | PathLike[str] | None = None,
        known_hosts: str | PathLike[str] | None = None,
        config: str | PathLike[str] | None = None,
        source_folder: str | RemotePath | None = None,
        path_prefixes: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        connect: Callable[[], Connection] | None = None,
        verify: Verified = "checksum",
        connections: int | Literal["auto"] = "auto",
        keep_times: bool = True,
        sync: bool = True,
    ) -> None:
        self._settings = SSHSettings(
            host=host,
            port=port,
            username=username,
            password=_secret(password),
            passphrase=_secret(passphrase),
            key_filename=_path(key_filename),
            known_hosts=_path(known_hosts),
            config=_path(config),
            timeout=timeout,
            connect=connect,
            verify=verify,
            connections=connections,
            keep_times=keep_times,
            sync=sync,
        )
        self._source_folder = source_folder
        self._paths = HostPaths(path_prefixes)
        self._tools: dict[str, bool] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(host={self._settings.host!r}, port={self._settings.port!r})"

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
        """Connect to fetch files; disconnect at the end.

        Raises
        ------
        FileNotAccessibleError
            If there is no connection: its subclasses tell why.
        ConfigurationError
            If the SSH configuration or the known host keys cannot be read.
        """
        # Imported late because it loads Fabric, which takes longer than all of the rest.
        from scitacean.transfer.ssh.connection import connected
        from scitacean.transfer.ssh.download import SSHDownloadConnection
        from scitacean.transfer.ssh.lanes import Line

        del dataset, representative_file_path
        with connected(self._settings) as connection:
            line = Line(connection, partial(connected, self._settings))
            try:
                yield SSHDownloadConnection(
                    line, self._paths, connections=self._settings.connections, tools=self._tools
                )
            finally:
                line.close()

    @contextmanager
    def connect_for_upload(
        self, dataset: Dataset, representative_file_path: RemotePath
    ) -> Iterator[SSHUploadConnection]:
        """Connect to send files into the dataset's source folder; disconnect at the end.

        Raises
        ------
        FileNotAccessibleError
            If there is no connection: its subclasses tell why.
        ConfigurationError
            If the SSH configuration or the known host keys cannot be read, or the pattern for the source
            folder cannot be filled in.
        """
        # Imported late because it loads Fabric, which takes longer than all of the rest.
        from scitacean.transfer.ssh.connection import connected
        from scitacean.transfer.ssh.lanes import Line
        from scitacean.transfer.ssh.sending import SendSettings
        from scitacean.transfer.ssh.upload import SSHUploadConnection

        del representative_file_path
        source_folder = self.source_folder_for(dataset)
        settings = self._settings
        with connected(settings) as connection:
            line = Line(connection, partial(connected, settings))
            try:
                yield SSHUploadConnection(
                    line,
                    self._paths,
                    source_folder=source_folder,
                    verify=settings.verify,
                    connections=settings.connections,
                    settings=SendSettings(
                        settings.file_mode, settings.folder_mode, settings.keep_times, settings.sync
                    ),
                    tools=self._tools,
                )
            finally:
                line.close()


def _secret(value: str | StrStorage | None) -> StrStorage | None:
    return SecretStr(value) if isinstance(value, str) else value


def _path(value: str | PathLike[str] | None) -> Path | None:
    return None if value is None else Path(value)
