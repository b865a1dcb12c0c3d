"""Blocks of files, and splitting files into them."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
import threading
import warnings
from pathlib import Path

import pytest

from scicat_api.models import OutputOrigDatablockDto, PartialOutputOrigDatablockDto
from scitacean import PID, File, OrigDatablock, ValidationError
from scitacean.model.orig_datablock import split_into_blocks

TIME = "2026-03-01T12:00:00Z"
PID_7 = PID.parse("site/7")


def file(path: str, algorithm: str | None = "md5", checksum: str | None = None) -> File:
    return File.from_remote(path, 2, TIME, checksum=checksum, checksum_algorithm=algorithm)


def test_files_are_added_to_the_block_of_their_algorithm() -> None:
    block = OrigDatablock(checksum_algorithm="md5")
    block.add_files(file("a"), file("b"))
    assert block.size == 4
    assert [one.remote_path.posix for one in block.files] == ["a", "b"]
    with pytest.raises(ValueError, match="'sha256', the block 'md5'"):
        block.add_files(file("c", "sha256"))
    with pytest.raises(ValueError, match="Two files"):
        block.add_files(file("a"))
    assert len(block.files) == 2


def test_what_a_block_is_sent_as() -> None:
    block = OrigDatablock(checksum_algorithm="md5", files=[file("a", checksum="00")], access_groups=["g"])
    model = block.make_upload_model(PID_7)
    assert model.to_dict() == {
        "size": 2,
        "dataFileList": [{"path": "a", "size": 2, "time": "2026-03-01T12:00:00+00:00", "chk": "00"}],
        "datasetId": "site/7",
        "accessGroups": ["g"],
        "chkAlg": "md5",
    }


def test_what_breaks_rules_is_found_and_not_sent() -> None:
    block = OrigDatablock(checksum_algorithm="md5", files=[file("a"), file("a"), file("/b", None)])
    block.owner_group = "\ud800"
    with pytest.raises(ValidationError, match="block of files") as caught:
        block.make_upload_model(PID_7)
    assert [getattr(problem, "field", None) for problem in caught.value.problems] == [
        *("owner_group", "files[1].remote_path", "files[2].remote_path", "files[2].checksum_algorithm")
    ]
    assert [problem.field for problem in OrigDatablock().find_problems()] == ["files"]
    assert OrigDatablock().find_problems(required=False) == []


def test_copies_share_no_list() -> None:
    block = OrigDatablock(checksum_algorithm="md5", files=[file("a")])
    for other in (block.replace(), copy.deepcopy(block), pickle.loads(pickle.dumps(block))):
        assert other == block
        other.add_files(file("b"))
        assert other != block
    assert len(block.files) == 1


@pytest.mark.parametrize("kind", [OutputOrigDatablockDto, PartialOutputOrigDatablockDto])
@pytest.mark.parametrize("files", [None, 7, "a", [7, None, {}, {"size": 2}]])
def test_odd_answers_become_blocks(
    kind: type[OutputOrigDatablockDto | PartialOutputOrigDatablockDto], files: object
) -> None:
    answer = {"dataFileList": files, "chkAlg": ["md5"], "datasetId": 7, "accessGroups": None, "size": "x"}
    block = OrigDatablock.from_download_model(kind.from_dict(answer))
    assert block.files == ()
    assert {problem.field for problem in block.find_problems(required=False)} == {
        "checksum_algorithm",
        "dataset_id",
    }


def test_blocks_of_the_catalogue_know_their_dataset() -> None:
    answer = {
        "dataFileList": [{"path": "a", "size": 2, "time": TIME}],
        "chkAlg": "md5",
        "datasetId": "site/7",
    }
    block = OrigDatablock.from_download_model(OutputOrigDatablockDto.from_dict(answer))
    assert block.dataset_id == PID_7
    assert block.files == (file("a"),)
    with pytest.raises(AttributeError):
        block.dataset_id = None


def test_files_of_odd_algorithms_and_metadata_are_split_too() -> None:
    odd = File(remote_path="a", checksum_algorithm=["md5"], metadata={"x": {1, 2}, 3: 4})  # type: ignore[arg-type, dict-item]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (block,) = split_into_blocks([odd, odd])
    assert len(block.files) == 2
    assert list(split_into_blocks([])) == []


@pytest.mark.parametrize("letter", ["a", "\u00e9", '"'])
def test_long_paths_fill_blocks_up_to_the_bound(letter: str) -> None:
    blocks = list(
        split_into_blocks([file(f"{i:03}{letter * 3000}") for i in range(50)], bytes_per_block=60_000)
    )
    bodies = [len(json.dumps(block.make_upload_model(PID_7).to_dict())) for block in blocks]
    assert all(size <= 60_000 for size in bodies)
    assert all(size > 39_000 for size in bodies[:-1])


def test_what_is_no_file_is_found() -> None:
    for odd in (7, "a", {"remote_path": "a"}, None):
        block = OrigDatablock(files=[odd, file("a", None)])  # type: ignore[list-item]
        assert [problem.field for problem in block.find_problems()] == ["files[0]"]
        assert [one.files for one in split_into_blocks(block.files)] == [block.files]
        with pytest.raises(TypeError, match="is no File"):
            OrigDatablock().add_files(odd)  # type: ignore[arg-type]


@pytest.mark.parametrize("bounds", [{"files_per_block": 0}, {"files_per_block": -1}, {"bytes_per_block": 0}])
def test_blocks_without_room_are_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="at least one file"):
        split_into_blocks([file("a")], **bounds)


def local_files(folder: Path, number: int, algorithm: str | None) -> list[File]:
    for index in range(number):
        (folder / str(index)).write_text(str(index))
    return [File.from_local(folder / str(index), checksum_algorithm=algorithm) for index in range(number)]


def test_local_files_are_read_in_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is read by the calling thread, and each is read once though it is fresh."""
    files = local_files(tmp_path, 20, "md5")
    readers: list[threading.Thread] = []
    opened = Path.open

    def opening(path: Path, *args: object, **options: object) -> object:
        readers.append(threading.current_thread())
        return opened(path, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", opening)
    entries = OrigDatablock(checksum_algorithm="md5", files=files).make_upload_model(PID_7).data_file_list
    assert [entry.chk for entry in entries] == [hashlib.md5(b"%d" % index).hexdigest() for index in range(20)]
    assert len(readers) == 20
    assert threading.current_thread() not in readers


def test_an_unknown_algorithm_warns_once(tmp_path: Path) -> None:
    block = OrigDatablock(checksum_algorithm="crc-7", files=local_files(tmp_path, 9, "crc-7"))
    with pytest.warns(UserWarning, match="crc-7") as caught:
        entries = block.make_upload_model(PID_7).data_file_list
    assert len(caught) == 1
    assert "chk" not in entries[0].to_dict()
    assert caught[0].filename == __file__
