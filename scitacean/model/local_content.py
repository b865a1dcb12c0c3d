"""Size, time and checksum of local files, all of one moment, for what goes into the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from scitacean.errors import FileNotAccessibleError
from scitacean.model.checksum import Reading, is_known_algorithm, read_files, warn_unknown_algorithm
from scitacean.model.local_status import modified, status_of, unreadable


class LocalContent(NamedTuple):
    """What a local file had in it at one moment.

    Attributes
    ----------
    size:
        Its size in bytes.
    time:
        When it was last changed.
    checksum:
        Hexadecimal digest; None where there is no algorithm, or one that Python does not know.
    """

    size: int
    time: datetime
    checksum: str | None


def local_contents(paths: Sequence[Path], algorithm: str | None) -> list[LocalContent]:
    """Find out what files have in them; they are read in threads, one that is known not at all.

    Parameters
    ----------
    paths:
        The files.
    algorithm:
        The algorithm of the checksums.

    Returns
    -------
    :
        What they have, in their order.

    Raises
    ------
    LocalFileNotFoundError
        If a file is not there.
    FileNotAccessibleError
        If a file cannot be read, or changes meanwhile: its size would be that of one content, its
        checksum that of another.

    Warns
    -----
    UserWarning
        If Python does not know the algorithm: once for all files.

    Examples
    --------
    >>> _ = Path("run.csv").write_text("1,2")
    >>> [(content.size, content.checksum[:6]) for content in local_contents([Path("run.csv")], "blake2b")]
    [(3, '9b7e48')]
    """
    if algorithm is None or not is_known_algorithm(algorithm):
        if algorithm is not None and paths:
            warn_unknown_algorithm(algorithm)
        statuses = map(status_of, paths)
        return [LocalContent(status.st_size, modified(status), None) for status in statuses]
    try:
        readings = read_files(paths, algorithm=algorithm)
    except OSError as error:
        raise unreadable(error.filename or "a file", error) from error
    return [_content(path, reading) for path, reading in zip(paths, readings, strict=True)]


def _content(path: Path, reading: Reading) -> LocalContent:
    if not reading.steady:
        raise changed(path)
    return LocalContent(reading.status.st_size, modified(reading.status), reading.checksum)


def changed(path: Path) -> FileNotAccessibleError:
    """Make the error for a file that somebody writes to.

    Parameters
    ----------
    path:
        The file.

    Examples
    --------
    >>> print(changed(Path("run.csv")))
    The file run.csv changed while it was read. Wait until nothing writes to it any more, then try again.
    """
    return FileNotAccessibleError(
        f"The file {path} changed while it was read.",
        hint="Wait until nothing writes to it any more, then try again.",
    )
