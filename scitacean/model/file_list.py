"""The files of a dataset: adding one costs the same however many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath


def _to_list(files: Iterable[File]) -> list[File]:
    return list(files)


@attrs.define
class FileList:
    """Files in the order in which they were added.

    Parameters
    ----------
    files:
        The first files. What a server has may have one path twice; what is added later may not.
    """

    _files: list[File] = attrs.field(factory=list, converter=_to_list)
    _by_path: dict[RemotePath, File] | None = attrs.field(default=None, init=False, eq=False, repr=False)
    _view: tuple[File, ...] | None = attrs.field(default=None, init=False, eq=False, repr=False)

    def __iter__(self) -> Iterator[File]:
        return iter(self._files)

    def view(self) -> tuple[File, ...]:
        """Return the files; the same object until some are added."""
        if self._view is None:
            self._view = tuple(self._files)
        return self._view

    def add(self, files: Iterable[File]) -> None:
        """Add all files or, where two would have one path on the server, none.

        Raises
        ------
        ValueError
            If two files would have one path.
        """
        if self._by_path is None:
            self._by_path = {file.remote_path: file for file in self._files}
        new: dict[RemotePath, File] = {}
        for file in files:
            other = self._by_path.get(file.remote_path) or new.get(file.remote_path)
            if other is not None:
                raise ValueError(
                    f"Two files would be {file.remote_path.posix!r} on the server: "
                    f"{other.local_path or 'one there'} and {file.local_path or 'one there'}. "
                    "Give one of them another remote path."
                )
            new[file.remote_path] = file
        self._files.extend(new.values())
        self._by_path.update(new)
        self._view = None
