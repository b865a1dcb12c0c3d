"""Laws of files: on the wire, in blocks, and on the disk."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from scicat_api.models import DataFile
from scitacean import PID, File
from scitacean.model.checksum import checksums_of_files
from scitacean.model.file_list import FileList
from scitacean.model.file_wire import usable_entries
from scitacean.model.local_files import find_local_files
from scitacean.model.orig_datablock import split_into_blocks

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
names = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8
).filter(lambda name: name not in (".", ".."))
zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1), timezones=zones)  # noqa: DTZ001
metadata = st.dictionaries(
    st.text("abc", max_size=3), st.none() | st.booleans() | st.integers(-9, 9) | text, max_size=3
)
algorithms = st.sampled_from([None, "md5", "sha256", "crc-7"])
files = st.builds(
    File.from_remote,
    remote_path=st.lists(names, min_size=1, max_size=3).map("/".join),
    size=st.integers(0, 2**53 - 1),
    creation_time=times,
    checksum=st.none() | text.filter(bool),
    checksum_algorithm=algorithms,
    remote_uid=st.none() | text,
    remote_gid=st.none() | text,
    remote_perm=st.none() | text,
    file_type=st.none() | text,
    metadata=st.none() | metadata,
)


@given(files)
def test_files_keep_what_they_are(file: File) -> None:
    """Model to wire to model is the identity, through the generated class and through JSON."""
    wire = json.loads(json.dumps(file.make_upload_model().to_dict()))
    model = DataFile.from_dict(wire)
    assert model.additional_properties == {}
    assert None not in wire.values()
    assert File.from_download_model(model, checksum_algorithm=file.checksum_algorithm) == file


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(sorted(DataFile._table())), json_values))
def test_any_entry_becomes_a_file_that_can_be_looked_at(wire: dict[str, object]) -> None:
    """Reading never raises, and every value that no file may have is a problem."""
    model = DataFile.from_dict(wire)
    file = File.from_download_model(model)
    problems = file.find_problems()
    assert isinstance(file.size, int)
    assert isinstance(file.creation_time, datetime)
    assert file.difference_of(-1, None) or file.remote_size is None
    if list(usable_entries([model])):
        assert isinstance(hash(file), int)
    if all(problem.severity == "warning" for problem in problems):
        assert file.make_upload_model().size == wire["size"]


@given(st.lists(files, max_size=12), st.integers(1, 5), st.integers(1, 4000))
def test_blocks_partition_the_files(some: list[File], most: int, largest: int) -> None:
    """Each file is in one block, in order for each algorithm; no block passes the bounds."""
    some = list({file.remote_path: file for file in some}.values())
    blocks = list(split_into_blocks(some, files_per_block=most, bytes_per_block=largest))
    for algorithm in {file.checksum_algorithm for file in some}:
        found = [file for block in blocks if block.checksum_algorithm == algorithm for file in block.files]
        assert found == [file for file in some if file.checksum_algorithm == algorithm]
    assert sum(len(block.files) for block in blocks) == len(some)
    for block in blocks:
        assert {file.checksum_algorithm for file in block.files} == {block.checksum_algorithm}
        assert 1 <= len(block.files) <= most
        body = json.dumps(block.make_upload_model(PID.parse("site/7")).to_dict())
        assert len(body) <= largest or len(block.files) == 1


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=9))
def test_replacing_changes_the_replaced_only(chosen: list[tuple[str, bool]]) -> None:
    """The first file of a path becomes the first one given for it, and so on; all others stay."""
    old = [File.from_remote(name, index, "2026-03-01T12:00:00Z") for index, (name, _) in enumerate(chosen)]
    new = [file.uploaded(remote_uid="new") for file, (_, change) in zip(old, chosen, strict=True) if change]
    merged = list(FileList(old).replaced(reversed(new)))
    assert [file.remote_path for file in merged] == [file.remote_path for file in old]
    for name in "abcd":
        given_here = [file for file in reversed(new) if file.remote_path == name]
        expected = [file for file in old if file.remote_path == name]
        expected[: len(given_here)] = given_here
        assert [file for file in merged if file.remote_path == name] == expected


@contextmanager
def folder() -> Iterator[Path]:
    """Make a folder and remove it: hypothesis wants a new one for each example."""
    made = Path(tempfile.mkdtemp())
    try:
        yield made
    finally:
        shutil.rmtree(made)


# Some file systems take no name that is no text, and none takes more than 255 bytes.
disk_names = names | names.map(lambda name: f".{name}.") | st.sampled_from([" ", "a b", "~", "-", "ä", "\\"])
trees = st.recursive(
    st.binary(max_size=5),
    lambda inner: st.dictionaries(disk_names, inner, min_size=1, max_size=4),
    max_leaves=8,
).filter(lambda tree: isinstance(tree, dict))


def make(tree: dict[str, object], place: Path) -> dict[str, bytes]:
    """Make a tree on the disk; return its files."""
    made: dict[str, bytes] = {}
    for name, what in tree.items():
        if isinstance(what, bytes):
            (place / name).write_bytes(what)
            made[name] = what
        elif isinstance(what, dict):
            (place / name).mkdir()
            made |= {f"{name}/{inner}": content for inner, content in make(what, place / name).items()}
    return made


@settings(max_examples=40)
@given(trees, st.integers(0, 99), st.booleans())
def test_what_is_found_is_what_is_there(tree: dict[str, object], number: int, hidden: bool) -> None:
    """The tree that is found is the tree that was made, what is behind links included."""
    with folder() as place:
        (place / "run").mkdir()
        (place / "run" / "inner").mkdir()
        made = {f"inner/{name}": content for name, content in make(tree, place / "run" / "inner").items()}
        target = sorted(made)[number % len(made)]
        top = target.split("/")[1]
        (place / "run" / "link").symlink_to(f"inner/{top}")
        made |= {
            f"link{name.removeprefix(f'inner/{top}')}": content
            for name, content in made.items()
            if name == f"inner/{top}" or name.startswith(f"inner/{top}/")
        }
        if not hidden:
            made = {
                name: content
                for name, content in made.items()
                if not any(part.startswith(".") for part in name.split("/"))
            }
        with warnings.catch_warnings():
            # Folders of hidden files only are left out.
            warnings.simplefilter("error" if hidden else "ignore")
            found = find_local_files([place / "run"], hidden=hidden)
        assert {remote.posix: local.read_bytes() for local, remote in found} == made
        assert len(found) == len(made)
        digests = checksums_of_files([local for local, _ in found], algorithm="sha256", workers=2)
        assert digests == [hashlib.sha256(made[remote.posix]).hexdigest() for _, remote in found]


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=100), max_size=5), st.sampled_from(["md5", "sha512", "blake2s"]))
def test_checksums_are_those_of_hashlib(contents: list[bytes], algorithm: str) -> None:
    with folder() as place:
        paths = [place / str(index) for index in range(len(contents))]
        for path, content in zip(paths, contents, strict=True):
            path.write_bytes(content * 5_000)
            os.utime(path, (1, 1))
        expected = [hashlib.new(algorithm, content * 5_000).hexdigest() for content in contents]
        assert checksums_of_files(paths, algorithm=algorithm) == expected
        assert [File.from_local(path, checksum_algorithm=algorithm).checksum() for path in paths] == expected
