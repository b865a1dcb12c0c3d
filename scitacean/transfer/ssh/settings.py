"""What it takes to reach a file server over SSH."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from scitacean.credentials import StrStorage

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
