"""Strategies for files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import attrs
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.model.file import File
from scitacean.testing.strategies import wrong
from scitacean.testing.strategies.recipe import Recipe, Strategies
from scitacean.testing.strategies.scientific_metadata import metadata
from scitacean.testing.strategies.values import remote_paths, texts, times

ALGORITHMS: SearchStrategy[str] = st.sampled_from(["sha256", "md5", "blake2b"])
_DIGESTS = (
    st.sampled_from([16, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)).map(bytes.hex)
)
_OF_ALL: Strategies = {
    "checksum_algorithm": ALGORITHMS,
    "remote_uid": texts(),
    "remote_gid": texts(),
    "remote_perm": st.sampled_from(["0644", "-rw-r--r--"]) | texts(),
    "file_type": texts(),
    "metadata": metadata(),
}
FILES = Recipe(
    kind=File,
    always={
        "remote_path": remote_paths(),
        "remote_size": st.integers(0, 2**50),
        "remote_creation_time": times(),
    },
    sometimes={**_OF_ALL, "remote_checksum": _DIGESTS, "local_path": st.none()},
    wrong={
        "remote_path": wrong.UNSAFE_PATHS | st.integers() | st.none(),
        "remote_size": st.none() | wrong.SIZE,
        "remote_creation_time": st.none() | wrong.TIME,
        "remote_checksum": wrong.TEXT,
        "checksum_algorithm": wrong.TEXT,
        "remote_uid": wrong.TEXT,
        "remote_gid": wrong.TEXT,
        "remote_perm": wrong.TEXT,
        "file_type": wrong.TEXT,
        "metadata": wrong.JSON_OBJECT,
    },
)


def files(
    *, folder: str | os.PathLike[str] | None = None, invalid: bool | str = False, **fields: object
) -> SearchStrategy[File]:
    """Files on a file server or, with a folder, on this machine.

    Parameters
    ----------
    folder:
        Where to write files that are on this machine: of up to 64 bytes, with names of their own.
    invalid:
        True for one that breaks some rule of the catalogue, the name of a field for one that breaks a rule
        of that field.
    **fields:
        Values or strategies for fields, by their names.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(files())
    ... def test_a_file_is_on_the_server(file):
    ...     assert file.is_on_remote and not file.is_on_local
    >>> test_a_file_is_on_the_server()

    >>> @given(files(folder="."))
    ... def test_a_file_is_here(file):
    ...     assert file.size == len(file.local_path.read_bytes())
    >>> test_a_file_is_here()
    """
    recipe = FILES if folder is None else _local(Path(folder))
    return recipe.strategy(invalid=invalid, fields=fields)


def different_files(*, min_size: int = 0) -> SearchStrategy[list[File]]:
    """Lists of files that can be together on a server: no two have one path, none is a folder of another.

    Parameters
    ----------
    min_size:
        How many files there are at least.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(different_files())
    ... def test_no_path_is_there_twice(files):
    ...     assert len({file.remote_path for file in files}) == len(files)
    >>> test_no_path_is_there_twice()
    """
    lists = st.lists(files(), min_size=min_size, max_size=3, unique_by=lambda file: file.remote_path)
    return lists.filter(_can_be_together)


def _can_be_together(listed: Sequence[File]) -> bool:
    paths = [file.remote_path for file in listed]
    return not any(one != other and one.is_relative_to(other) for one in paths for other in paths)


def _local(folder: Path) -> Recipe[File]:
    def write(content: bytes, time: datetime) -> Path:
        # The same file whenever it is drawn, so that examples can be repeated.
        name = hashlib.sha256(content + str(time).encode()).hexdigest()
        path = folder / f"{name[:16]}.dat"
        path.write_bytes(content)
        os.utime(path, (time.timestamp(), time.timestamp()))
        return path

    always: Strategies = {
        "remote_path": remote_paths(),
        "local_path": st.builds(write, st.binary(max_size=64), times()),
    }
    rules = {name: values for name, values in FILES.wrong.items() if name in always or name in _OF_ALL}
    return attrs.evolve(FILES, always=always, sometimes=_OF_ALL, wrong=rules)
