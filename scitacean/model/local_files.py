"""Finding the files of this machine that a user names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from scitacean.errors import LocalFileNotFoundError
from scitacean.model.remote_path import RemotePath


def find_local_files(
    paths: Iterable[str | os.PathLike[str]], *, base_path: str | os.PathLike[str] | None = None
) -> Iterator[tuple[Path, RemotePath]]:
    """Yield files, those of whole trees for folders, with their paths in a dataset.

    Links are followed where they are named by the user; inside a folder, links that lead out of it are
    refused, so that nothing gets into the catalogue that the user did not name.

    Parameters
    ----------
    paths:
        Files and folders. ``~`` stands for one's home folder.
    base_path:
        Paths in the dataset are relative to it; see :meth:`scitacean.Dataset.add_local_files`.

    Raises
    ------
    LocalFileNotFoundError
        If a path is not there.
    ValueError
        If a path lies outside ``base_path``, is neither file nor folder, or is a link that leads out of
        its folder.
    """
    for path in paths:
        start = Path(path).expanduser()
        if not start.exists():
            raise LocalFileNotFoundError(
                f"There is no file or folder {start}.", hint="Check the path for typing mistakes."
            )
        base = Path(base_path).expanduser() if base_path is not None else None
        if base is None:
            base = start if start.is_dir() else start.parent
        for file in _tree(start) if start.is_dir() else [start]:
            if not file.is_file():
                raise ValueError(f"{file} is neither a file nor a folder. Leave it out or move it away.")
            yield file, _relative(file, base)


def _tree(folder: Path) -> Iterator[Path]:
    root = folder.resolve()
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders.sort()
        for name in sorted([*names, *(n for n in folders if (Path(place) / n).is_symlink())]):
            path = Path(place) / name
            if path.is_symlink() and not path.resolve().is_relative_to(root):
                raise ValueError(
                    f"{path} is a link to {path.resolve()}, outside {folder}. "
                    "Name what it points to as a path of its own, or remove the link."
                )
            if not path.is_dir():
                yield path


def _raise(error: OSError) -> None:
    raise error


def _relative(file: Path, base: Path) -> RemotePath:
    try:
        return RemotePath.from_local(file.absolute().relative_to(base.absolute()))
    except ValueError:
        raise ValueError(f"{file} does not lie inside the base path {base}.") from None
