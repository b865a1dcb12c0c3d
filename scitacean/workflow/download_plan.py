"""What a download would do, and what makes it impossible: found out before anything is written."""

from __future__ import annotations

import os
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
from scitacean.validation.paths import path_problems
from scitacean.validation.values import size_problem

_AT = "selected files"
_MOST_LISTED = 20

_MACOS = sys.platform == "darwin"

_LONGEST_NAME = 255
"""Of common file systems: in bytes, on Windows in characters."""

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
    target, partial:
        Where it goes, when complete and until then.
    size:
        Size in bytes that the catalogue says.
    may_resume:
        Whether what an earlier download has left may be used: only a checksum proves that it is right.
    """

    file: File
    remote: RemotePath
    target: Path
    partial: Path
    size: int
    may_resume: bool

    def is_like_target(self) -> bool:
        """Whether there is a file at the target already that can be read and has the right size.

        Raises
        ------
        OSError
            If the folder of the target cannot be read.

        Examples
        --------
        >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")
        >>> item = Item(file, RemotePath("/data/a.nxs"), Path("a.nxs"), Path(".a.nxs.part"), 3, True)
        >>> _ = item.target.write_text("abc")
        >>> item.is_like_target()
        True
        """
        target = self.target
        return (
            target.is_file()
            and not target.is_symlink()
            and target.stat().st_size == self.size
            and os.access(target, os.R_OK)
        )

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
        >>> file = File.from_remote("a.nxs", 3, "2026-03-01T12:00:00Z")
        >>> item = Item(file, RemotePath("/data/a.nxs"), Path("a.nxs"), Path(".a.nxs.part"), 3, True)
        >>> _ = item.partial.write_text("ab")
        >>> item.offset()
        2
        """
        if not self.may_resume or self.partial.is_symlink() or not self.partial.is_file():
            return 0
        status = self.partial.stat()
        # A file with other names may be the one of the file server, which must not be written to.
        return status.st_size if status.st_size <= self.size and status.st_nlink == 1 else 0


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


def plan_download(dataset: Dataset, files: Sequence[File], target: Path, *, force: bool) -> list[Item]:
    """Find out where files go.

    Parameters
    ----------
    dataset:
        The files are in its source folder.
    files:
        Files of the file server. Several that have the same path, size and checksum are one file.
    target:
        Folder to put them into.
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
    >>> (item,) = plan_download(dataset, dataset.files, Path("here"), force=False)
    >>> item.remote, item.target == Path("here", "run", "a.nxs")
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
        _refuse_unusable(unique, target)
        return list(_items(dataset.source_folder, unique, target, force=force))


def _without_copies(files: Iterable[File]) -> list[File]:
    """Return the first of the files of which the catalogue says the same."""
    unique: dict[tuple[str, str], File] = {}
    for file in files:
        # A server may have anything here, what has no hash too.
        content = repr((file.remote_size, file.remote_checksum, file.checksum_algorithm))
        unique.setdefault((file.remote_path.posix, content), file)
    return list(unique.values())


def _refuse_unusable(files: Sequence[File], target: Path) -> None:
    problems = list(_problems(files, target))
    if problems:
        listing = "".join(f"\n  - {problem}" for problem in problems[:_MOST_LISTED])
        more = len(problems) - _MOST_LISTED
        listing += f"\n  and {more:,} more" if more > 0 else ""
        number = len({problem.field.partition("]")[0] for problem in problems})
        raise FileNotAccessibleError(
            f"{number} file(s) cannot be downloaded as the catalogue has them; nothing was "
            f"downloaded.{listing}\n",
            hint="Leave them out with select=..., and tell the dataset's owner.",
        )


def _problems(files: Sequence[File], target: Path) -> Iterator[Problem]:
    paths = [file.remote_path.posix for file in files]
    yield from path_problems(paths, _AT, windows=os.name == "nt", macos=_MACOS)
    room = _LONGEST_PATH - _length(os.path.realpath(target)) - _PARTIAL - 1
    for index, (file, path) in enumerate(zip(files, paths, strict=True)):
        at = f"{_AT}[{index}]"
        if max(map(_length, path.split("/"))) > _LONGEST_NAME:
            yield Problem(f"{at}.remote_path", path, f"names of at most {_LONGEST_NAME} bytes")
        elif _length(path) > room:
            yield Problem(f"{at}.remote_path", path, f"a path of at most {room} bytes below this target")
        if file.remote_size is None:
            yield Problem(f"{at}.remote_size", None, "a size in bytes")
        else:
            yield from size_problem(file.remote_size, f"{at}.remote_size")


def _length(path: str) -> int:
    return len(path) if os.name == "nt" else len(path.encode("utf-8", "surrogatepass"))


def _items(source: RemotePath, files: Iterable[File], target: Path, *, force: bool) -> Iterator[Item]:
    root = Path(os.path.realpath(target))
    folders: dict[str, Path] = {}
    for file in files:
        inside, _, name = file.remote_path.posix.rpartition("/")
        # Many files are in one folder: it is looked at once.
        if (folder := folders.get(inside)) is None:
            folder = folders[inside] = target / inside
            _refuse_outside(folder, root)
        local = folder / name
        _refuse_folder(local)
        remote = source / file.remote_path
        partial = folder / partial_name(name, remote, file.remote_size, file.remote_checksum)
        may_resume = has_checksum(file) and not force
        yield Item(file, remote, local, partial, file.remote_size or 0, may_resume)


def _refuse_outside(folder: Path, root: Path) -> None:
    if not Path(os.path.realpath(folder)).is_relative_to(root):
        raise FileNotAccessibleError(
            f"{folder} leads out of the target folder through a link; nothing was downloaded.",
            hint="Download into another folder, or remove the link.",
        )


def _refuse_folder(local: Path) -> None:
    if local.is_dir() and not local.is_symlink():
        raise FileNotAccessibleError(
            f"There is a folder {local} where a file of the dataset shall go; nothing was downloaded.",
            hint="Download into another folder.",
        )
