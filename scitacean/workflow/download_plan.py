"""What a download would do, and what makes it impossible: found out before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from scitacean.errors import ConfigurationError, FileNotAccessibleError
from scitacean.model.checksum import is_known_algorithm
from scitacean.model.dataset import Dataset
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.partial import partial_name
from scitacean.validation.paths import unsafe_path_reason


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

    def is_there(self) -> bool:
        """Whether the complete file is there already."""
        return not self.target.is_symlink() and self.at(self.target).local_is_up_to_date()

    def at(self, path: Path) -> File:
        """Return the file as it would be at a local path."""
        return self.file.downloaded(local_path=path)

    def offset(self) -> int:
        """How many bytes an earlier download has left to go on from."""
        if not self.may_resume or self.partial.is_symlink() or not self.partial.is_file():
            return 0
        size = self.partial.stat().st_size
        return size if size <= self.size else 0


def has_checksum(file: File) -> bool:
    """Whether the content of a file can be compared with the catalogue, not only its size."""
    return file.remote_checksum is not None and is_known_algorithm(file.checksum_algorithm)


def plan_download(dataset: Dataset, files: Sequence[File], target: Path, *, force: bool) -> list[Item]:
    """Find out where files go.

    Parameters
    ----------
    dataset:
        The files are in its source folder.
    files:
        Files of the file server.
    target:
        Folder to put them into.
    force:
        Whether to start anew.

    Raises
    ------
    ConfigurationError
        If the target is a file or the dataset has no source folder.
    FileNotAccessibleError
        If paths of the catalogue cannot be used here: with all of them.
    """
    if target.exists() and not target.is_dir():
        raise ConfigurationError(
            f"Cannot download into {target}: it is a file, not a folder.", hint="Name a folder."
        )
    if not isinstance(dataset.source_folder, RemotePath):
        raise ConfigurationError(
            "The dataset has no source folder, so it is not known where its files are.",
            hint="Set dataset.source_folder, or ask the dataset's owner to mend the entry.",
        )
    _refuse_unsafe(files)
    root = target.resolve()
    items: dict[Path, Item] = {}
    for file in files:
        local = target.joinpath(*file.remote_path.parts)
        _refuse_local(local, root)
        remote = dataset.source_folder / file.remote_path
        partial = local.with_name(partial_name(local.name, remote, file.remote_size, file.remote_checksum))
        may_resume = has_checksum(file) and not force
        items[local] = Item(file, remote, local, partial, file.remote_size or 0, may_resume)
    return list(items.values())


def _refuse_unsafe(files: Sequence[File]) -> None:
    reasons = dict(_reasons(files))
    if reasons:
        listing = "".join(f"\n  - {path!r}: {reason}" for path, reason in reasons.items())
        raise FileNotAccessibleError(
            f"The catalogue has {len(reasons)} file path(s) that could lead out of the target folder "
            f"or cannot be made here; nothing was downloaded.{listing}\n",
            hint="Leave them out with select=..., and tell the dataset's owner.",
        )


def _reasons(files: Sequence[File]) -> Iterator[tuple[str, str]]:
    folders = {parent for file in files for parent in _parents(file.remote_path)}
    for file in files:
        path = file.remote_path
        if reason := unsafe_path_reason(path.posix, windows=os.name == "nt"):
            yield path.posix, reason
        elif path in folders:
            yield path.posix, "it is a folder of another file, too"


def _parents(path: RemotePath) -> Iterator[RemotePath]:
    while (parent := path.parent) != path:
        yield parent
        path = parent


def _refuse_local(local: Path, root: Path) -> None:
    if not local.parent.resolve().is_relative_to(root):
        raise FileNotAccessibleError(
            f"{local.parent} leads out of the target folder through a link; nothing was downloaded.",
            hint="Download into another folder, or remove the link.",
        )
    if local.is_dir() and not local.is_symlink():
        raise FileNotAccessibleError(
            f"There is a folder {local} where a file of the dataset shall go; nothing was downloaded.",
            hint="Download into another folder.",
        )
