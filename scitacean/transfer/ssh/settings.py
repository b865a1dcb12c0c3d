"""What it takes to reach a file server over SSH, and how files are to be moved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import attrs

from scitacean.credentials import StrStorage
from scitacean.errors import ConfigurationError
from scitacean.transfer.protocol import Verified
from scitacean.transfer.ssh.prompts import Ask

if TYPE_CHECKING:
    from fabric import Connection


_MOST_CONNECTIONS = 16


@attrs.frozen(kw_only=True)
class SSHSettings:
    """How to reach a file server; None stands for what the SSH configuration says.

    Attributes
    ----------
    host:
        Name or address, or a ``Host`` of the SSH configuration.
    port, username:
        Where and as whom.
    password, passphrase:
        For the account and for the key file.
    key_filename:
        Private key.
    known_hosts:
        File of known host keys instead of the user's and the system's.
    config:
        SSH configuration instead of the user's and the system's.
    ask:
        Asks a person at sign-in.
    verify:
        How files that were sent are checked: by checksums on the host, by reading back a sample, or by
        their sizes.
    connections:
        How many connections a transfer uses, 1 to 16; ``"auto"`` for as many as the line needs.
    file_mode, folder_mode:
        Permissions of files and folders on the host; None for what is there by default.
    keep_times:
        Whether files keep the time of their last change.
    sync:
        Whether the host writes files to its disk before they count as sent, where it can.
    timeout:
        How many seconds connecting may take, and how long nothing may come during a transfer.
    keep_alive:
        After how many idle seconds a sign of life is sent; 0 for never.
    connect:
        Makes the Fabric connection instead.

    Raises
    ------
    ConfigurationError
        If a setting has a value that it cannot have.
    """

    host: str
    port: int | None = None
    username: str | None = None
    password: StrStorage | None = None
    passphrase: StrStorage | None = None
    key_filename: Path | None = None
    known_hosts: Path | None = None
    config: Path | None = None
    ask: Ask | None = None
    verify: Verified = "checksum"
    connections: int | Literal["auto"] = "auto"
    file_mode: int | None = None
    folder_mode: int | None = None
    keep_times: bool = True
    sync: bool = True
    timeout: float = 60.0
    keep_alive: float = 30.0
    connect: Callable[[], Connection] | None = None

    def __attrs_post_init__(self) -> None:
        _demand(bool(self.host), "host", self.host, "the name of a server")
        _demand(self.port is None or 0 < self.port < 65536, "port", self.port, "1 to 65535, or None")
        _demand(self.verify in get_args(Verified), "verify", self.verify, "'checksum', 'sample' or 'size'")
        _demand(
            self.connections == "auto"
            or (type(self.connections) is int and 0 < self.connections <= _MOST_CONNECTIONS),
            "connections",
            self.connections,
            f"'auto', or 1 to {_MOST_CONNECTIONS}",
        )
        for name, mode in (("file_mode", self.file_mode), ("folder_mode", self.folder_mode)):
            _demand(mode is None or 0 <= mode <= 0o7777, name, mode, "a number like 0o640, or None")
        _demand(self.timeout > 0, "timeout", self.timeout, "a number of seconds above 0")
        _demand(self.keep_alive >= 0, "keep_alive", self.keep_alive, "a number of seconds, or 0 for never")


def _demand(fits: bool, name: str, value: object, allowed: str) -> None:
    if not fits:
        raise ConfigurationError(
            f"SSHFileTransfer(..., {name}={value!r}) cannot be.", hint=f"Allowed is {allowed}."
        )
