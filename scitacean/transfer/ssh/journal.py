"""What a file transfer has made on its host, so that it removes nothing else when it reverts."""

from __future__ import annotations

import attrs


@attrs.define
class Journal:
    """What has been made on the host, kept over connections.

    Attributes
    ----------
    files:
        Files that have their names.
    renaming:
        Files that were about to get their names, and their partial names; whether they got them is
        unknown after a broken connection.
    partial:
        Partial names of files that are not complete, and their names.
    folders:
        Folders.
    """

    files: set[bytes] = attrs.Factory(set)
    renaming: dict[bytes, bytes] = attrs.Factory(dict)
    partial: dict[bytes, bytes] = attrs.Factory(dict)
    folders: set[bytes] = attrs.Factory(set)
