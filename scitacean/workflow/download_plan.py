"""What a download would do, and what makes it impossible: found out before anything is written."""

# ruff: noqa: PTH112, PTH114, PTH118, PTH119
# For many small files, pathlib takes longer than the copying.
from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from scitacean.errors import ConfigurationError, FileNotAccessibleError, TransferError
from scitacean.model.checksum import is_known_algorithm
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.problem import Problem
from scitacean.transfer.partial import partial_name
from scitacean.validation.paths import path_problems, unsafe_path_reason
from scitacean.validation.values import size_problem

_AT = "selected files"
_MOST_LISTED = 20

_MACOS = sys.platform == "darwin"

_LONGEST_NAME = 255
"""Of common file systems: in bytes, on Windows in characters."""

_MOST_BYTES = 4
"""Of a character."""

_LONGEST_PATH = 1023 if _MACOS else 4095
"""Of the operating system. Windows has no fixed limit; what is too long is found when it is written."""

_PARTIAL = len(partial_name("", ""))
"""How much longer a name is until its file is complete."""


@attrs.frozen(eq=False)
class Item:
    """One file to download.

    Attributes
    ----------
    file:
        What the catalogue says of it.
    remote:
        Full path on the file server.
    folder:
        Where it goes; shared by the files of one folder.
    target, partial:
        Its whole path, when complete and until then.
    size:
        Size in bytes that the catalogue says.
    anew:
        Whether nothing of an earlier download shall be used.
    """

    file: File
    remote: RemotePath
    folder: Path
    target: str
    partial: str
    size: int
    anew: bool = False

    def offset(self) -> int:
        """Find out how much an earlier download has left to go on from.

        Returns
        -------
        :
            Size of the partial file in bytes; 0 where it cannot be used.

        Raises
        ------
        OSError
            If the folder of the target cannot be read.

        Examples
        --------
        >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z", "900150983cd24fb0", "md5")
        >>> item = Item(file, RemotePath("/data/a.nxs"), Path(), "a.nxs", ".a.nxs.part", 3)
        >>> _ = Path(item.partial).write_text("ab")
        >>> item.offset()
        2
        """
        # Only a checksum proves that what is there is right.
        if self.anew or not has_checksum(self.file):
            return 0
        try:
            status = os.lstat(self.partial)
        except (FileNotFoundError, NotADirectoryError):
            return 0
        # A file with other names may be the one of the file server, which must not be written to.
        is_own = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
        return status.st_size if is_own and status.st_size <= self.size else 0

    @property
    def path(self) -> Path:
        """The path of the complete file."""
        return self.folder / os.path.basename(self.target)

    def expecting(self, algorithm: str, checksum: str) -> Item:
        """Return the same file with a checksum that the file server has computed.

        Parameters
        ----------
        algorithm:
            Its algorithm.
        checksum:
            Hexadecimal digest.

        Examples
        --------
        >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")
        >>> item = Item(file, RemotePath("/data/a.nxs"), Path(), "a.nxs", ".a.nxs.part", 3)
        >>> has_checksum(item.expecting("md5", "0700cd3e2cd8b37ef510dd5aa2c81fc6").file)
        True
        """
        file = attrs.evolve(self.file, checksum_algorithm=algorithm, remote_checksum=checksum)
        return attrs.evolve(self, file=file)


def folders_there(items: Iterable[Item]) -> set[Path]:
    """Return those folders of files that are there: in others is nothing to look at.

    Parameters
    ----------
    items:
        The files.

    Raises
    ------
    OSError
        If it cannot be found out.

    Examples
    --------
    >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")
    >>> folders_there([Item(file, RemotePath("/a.nxs"), Path("nowhere"), "nowhere/a.nxs", "nowhere/.a", 3)])
    set()
    """
    return {folder for folder in {item.folder for item in items} if _is_there(folder)}


def _is_there(folder: Path) -> bool:
    try:
        os.lstat(folder)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def has_checksum(file: File) -> bool:
    """Whether the content of a file can be compared with the catalogue, not only its size.

    Parameters
    ----------
    file:
        As the catalogue has it.

    Examples
    --------
    >>> has_checksum(File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z"))
    False
    """
    return isinstance(file.remote_checksum, str) and is_known_algorithm(file.checksum_algorithm)


@contextmanager
def local_errors(doing: str) -> Iterator[None]:
    """Turn errors of the file system of this machine into ones that say what to do.

    Parameters
    ----------
    doing:
        What is tried, as it shall stand after "Cannot".

    Raises
    ------
    FileNotAccessibleError
        Instead of any other :class:`OSError`.

    Examples
    --------
    >>> with local_errors("read"):
    ...     _ = Path("nowhere").stat()
    Traceback (most recent call last):
    ...
    scitacean.errors.FileNotAccessibleError: Cannot read nowhere: No such file or directory. ...
    """
    try:
        yield
    except OSError as error:
        # Errors of our tree that are also an OSError say already what they are about.
        if isinstance(error, TransferError):
            raise
        raise FileNotAccessibleError(
            f"Cannot {doing} {error.filename or 'the downloaded files'}: {error.strerror or error}.",
            hint="Check the permissions of the target folder, and that there is space.",
        ) from error


def listing(lines: Iterable[object]) -> str:
    r"""Return lines as a list for the end of a message: not all of very many.

    Parameters
    ----------
    lines:
        What shall be listed.

    Examples
    --------
    >>> listing(["a.nxs", "b.nxs"])
    '\n  - a.nxs\n  - b.nxs'
    """
    lines = list(lines)
    more = len(lines) - _MOST_LISTED
    shown = "".join(f"\n  - {line}" for line in lines[:_MOST_LISTED])
    return f"{shown}\n  and {more:,} more" if more > 0 else shown


def plan_download(
    dataset: Dataset, files: Sequence[File], target: Path, *, flatten: bool = False, force: bool = False
) -> list[Item]:
    """Find out where files go.

    Parameters
    ----------
    dataset:
        The files are in its source folder.
    files:
        Files of the file server. Several that have the same path, size and checksum are one file.
    target:
        Folder to put them into.
    flatten:
        Whether to leave out the folders of the dataset.
    force:
        Whether to start anew.

    Returns
    -------
    :
        What to download, in the order of the files.

    Raises
    ------
    ConfigurationError
        If the target is a file or the dataset has no source folder.
    FileNotAccessibleError
        If paths of the catalogue cannot be used here, or not beside each other: with all of them. Or if the
        target cannot be read.

    Examples
    --------
    >>> file = File.from_remote("run/a.nxs", 3, "2026-03-01T12:00:00Z")
    >>> dataset = Dataset(type="raw", source_folder="/data", files=[file])
    >>> (item,) = plan_download(dataset, dataset.files, Path("here"))
    >>> item.remote, Path(item.target) == Path("here", "run", "a.nxs")
    (RemotePath('/data/run/a.nxs'), True)
    """
    with local_errors("read"):
        if target.exists() and not target.is_dir():
            raise ConfigurationError(
                f"Cannot download into {target}: it is a file, not a folder.", hint="Name a folder."
            )
        if not isinstance(dataset.source_folder, RemotePath):
            raise ConfigurationError(
                "The dataset has no source folder, so it is not known where its files are.",
                hint="Set dataset.source_folder, or ask the dataset's owner to mend the entry.",
            )
        unique = _without_copies(files)
        places = [file.remote_path.name if flatten else file.remote_path.posix for file in unique]
        _refuse_unusable(unique, places, target)
        return list(_items(dataset.source_folder, unique, places, target, force=force))


def _without_copies(files: Iterable[File]) -> list[File]:
    """Return the first of the files of which the catalogue says the same."""
    unique: dict[tuple[str, str], File] = {}
    for file in files:
        # A server may have anything here, what has no hash too.
        content = repr((file.remote_size, file.remote_checksum, file.checksum_algorithm))
        unique.setdefault((file.remote_path.posix, content), file)
    return list(unique.values())


def _refuse_unusable(files: Sequence[File], places: Sequence[str], target: Path) -> None:
    problems = list(_problems(files, places, target))
    if problems:
        number = len({problem.field.partition("]")[0] for problem in problems})
        raise FileNotAccessibleError(
            f"{number} file(s) cannot be downloaded as the catalogue has them; nothing was "
            f"downloaded.{listing(problems)}\n",
            hint="Leave them out with select=..., and tell the dataset's owner.",
        )


def _problems(files: Sequence[File], places: Sequence[str], target: Path) -> Iterator[Problem]:
    paths = [file.remote_path.posix for file in files]
    windows = os.name == "nt"
    if places == paths:
        yield from path_problems(paths, _AT, windows=windows, macos=_MACOS)
    else:
        yield from path_problems(paths, _AT, windows=False)
        yield from _problems_without_folders(paths, places, windows=windows)
    room = _LONGEST_PATH - _length(os.path.realpath(target)) - _PARTIAL - 1
    surely_short = min(_LONGEST_NAME, room) // _MOST_BYTES
    for index, (file, place) in enumerate(zip(files, places, strict=True)):
        at = f"{_AT}[{index}]"
        if len(place) > surely_short:
            yield from _too_long(place, room, f"{at}.remote_path")
        if file.remote_size is None:
            yield Problem(f"{at}.remote_size", None, "a size in bytes")
        else:
            yield from size_problem(file.remote_size, f"{at}.remote_size")


def _too_long(place: str, room: int, field: str) -> Iterator[Problem]:
    if max(map(_length, place.split("/"))) > _LONGEST_NAME:
        yield Problem(field, place, f"names of at most {_LONGEST_NAME} bytes")
    elif _length(place) > room:
        yield Problem(field, place, f"a path of at most {room} bytes below this target")


def _problems_without_folders(
    paths: Sequence[str], names: Sequence[str], *, windows: bool
) -> Iterator[Problem]:
    """Find names that cannot stand beside each other in one folder."""
    path_of = {f"{_AT}[{index}].remote_path": path for index, path in enumerate(paths)}
    for problem in path_problems(names, _AT, windows=windows, macos=_MACOS):
        path = path_of[problem.field]
        # Others are found by their paths.
        if unsafe_path_reason(path, windows=False) == "":
            expected = f"{problem.expected}, where folders are left out"
            yield attrs.evolve(problem, value=path, expected=expected)


def _length(path: str) -> int:
    return len(path) if os.name == "nt" else len(path.encode("utf-8", "surrogatepass"))


def _items(
    source: RemotePath, files: Iterable[File], places: Iterable[str], target: Path, *, force: bool
) -> Iterator[Item]:
    root = Path(os.path.realpath(target))
    folders: dict[str, tuple[Path, str, bool]] = {}
    for file, place in zip(files, places, strict=True):
        inside, _, name = place.rpartition("/")
        # Many files are in one folder: it is looked at once.
        if inside not in folders:
            folder = target / inside
            _refuse_outside(folder, root)
            folders[inside] = folder, os.path.join(folder, ""), os.path.isdir(folder)
        folder, start, is_there = folders[inside]
        local = start + name
        if is_there:
            _refuse_folder(local)
        remote = source / file.remote_path
        partial = start + partial_name(name, remote.posix, file.remote_size, file.remote_checksum)
        yield Item(file, remote, folder, local, partial, file.remote_size or 0, force)


def _refuse_outside(folder: Path, root: Path) -> None:
    if not Path(os.path.realpath(folder)).is_relative_to(root):
        raise FileNotAccessibleError(
            f"{folder} leads out of the target folder through a link; nothing was downloaded.",
            hint="Download into another folder, or remove the link.",
        )


def _refuse_folder(local: str) -> None:
    if os.path.isdir(local) and not os.path.islink(local):
        raise FileNotAccessibleError(
            f"There is a folder {local} where a file of the dataset shall go; nothing was downloaded.",
            hint="Download into another folder.",
        )
