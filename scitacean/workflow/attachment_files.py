"""Writing the pictures of attachments to files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import cast

from scitacean.errors import ConfigurationError
from scitacean.model.attachment import Attachment
from scitacean.model.thumbnail import Thumbnail
from scitacean.validation.paths import unsafe_path_reason
from scitacean.validation.pictures import picture_type
from scitacean.workflow.download_lock import only_download_into
from scitacean.workflow.download_plan import local_errors

_LONGEST = 100
_ODD = re.compile(r"[^\w.\-]+")
_SUFFIXES = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/gif": (".gif",),
    "image/webp": (".webp",),
    "image/bmp": (".bmp",),
    "image/tiff": (".tiff", ".tif"),
    "image/svg+xml": (".svg",),
}


def write_attachments(attachments: Iterable[Attachment], target: Path) -> list[Path]:
    """Write pictures into a folder, each to a file that is named by its caption.

    No file is overwritten: where there is one with other content, the name gets a number.

    Parameters
    ----------
    attachments:
        The attachments; those without picture are left out.
    target:
        The folder; made where it is not there and there are pictures.

    Returns
    -------
    :
        The files, in the order of the attachments. What is there already counts.

    Raises
    ------
    ConfigurationError
        If the target is a file.
    FileNotAccessibleError
        If the files cannot be written.

    Examples
    --------
    >>> drawing = Thumbnail("image/svg+xml", b"<svg></svg>")
    >>> [path] = write_attachments([Attachment(caption="The rod, cold", thumbnail=drawing)], Path("pictures"))
    >>> path.as_posix(), path.read_bytes()
    ('pictures/The_rod_cold.svg', b'<svg></svg>')
    """
    if target.exists() and not target.is_dir():
        raise ConfigurationError(
            f"Cannot write attachments into {target}: it is a file, not a folder.", hint="Name a folder."
        )
    pictures = [
        (_stem(cast("object", one.caption)), picture)
        for one in attachments
        # A server may have anything there.
        if isinstance(picture := cast("object", one.thumbnail), Thumbnail)
    ]
    if not pictures:
        return []
    with only_download_into(target), local_errors("write"):
        target.mkdir(parents=True, exist_ok=True)
        return [_write(picture, target, stem) for stem, picture in pictures]


def _stem(caption: object) -> str:
    """Return a name without suffix that all systems take."""
    text = caption if isinstance(caption, str) else ""
    stem = _ODD.sub("_", text)[:_LONGEST].strip("._") or "attachment"
    # Devices of Windows have names that are no others'.
    return f"{stem}_" if unsafe_path_reason(stem, windows=True) else stem


def _write(picture: Thumbnail, target: Path, stem: str) -> Path:
    """Write a picture to the first of its names that is free, or is that of the same picture."""
    suffixes = _SUFFIXES.get(picture.mime or picture_type(picture.data) or "", (".bin",))
    named = next((suffix for suffix in suffixes if stem.lower().endswith(suffix)), None)
    stem, suffix = (stem, suffixes[0]) if named is None else (stem[: -len(named)], stem[-len(named) :])
    for name in _numbered(stem or "attachment", suffix):
        path = target / name
        if not os.path.lexists(path):
            _write_new(path, picture.data)
            return path
        if path.is_file() and not path.is_symlink() and path.read_bytes() == picture.data:
            return path
    raise AssertionError


def _numbered(stem: str, suffix: str) -> Iterator[str]:
    yield f"{stem}{suffix}"
    yield from (f"{stem}-{number}{suffix}" for number in count(2))


def _write_new(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.part")
    with suppress(FileNotFoundError):
        partial.unlink()
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
