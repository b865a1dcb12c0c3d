"""What it takes to reach a file server over SSH."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import attrs

from scitacean.credentials import StrStorage
from scitacean.transfer.protocol import Verified

if TYPE_CHECKING:
    from fabric import Connection


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
    timeout:
        How many seconds connecting may take, and how long nothing may come during a transfer.
    connect:
        Makes the Fabric connection instead.
    """

    host: str
    port: int | None = None
    username: str | None = None
    password: StrStorage | None = None
    passphrase: StrStorage | None = None
    key_filename: Path | None = None
    known_hosts: Path | None = None
    config: Path | None = None
    timeout: float = 60.0
    connect: Callable[[], Connection] | None = None
    verify: Verified = "checksum"
    connections: int | Literal["auto"] = "auto"
    file_mode: int | None = None
    folder_mode: int | None = None
    keep_times: bool = True
    sync: bool = True
