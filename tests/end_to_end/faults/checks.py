"""What must hold after an upload or download, however it ended."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import attrs

from scitacean.errors import ScicatError, UploadInterrupted
from scitacean.testing.client import FakeClient
from tests.end_to_end.faults.disks import FILLER
from tests.end_to_end.faults.place import CAPTIONS, CONTENT, Place, algorithm_of, tree

PARTIAL = ".part-"


@attrs.frozen(kw_only=True)
class Found:
    """What there is of an upload, on all sides.

    Attributes
    ----------
    pids:
        The datasets of its name in the catalogue.
    registered:
        Path, size, algorithm and checksum of all files of theirs.
    captions:
        Of all their attachments.
    files:
        Content of what is on the file server, by paths in the dataset's folder.
    folders:
        Whether there are folders of it on the file server.
    journals:
        Journals of uploads.
    """

    pids: list[str]
    registered: list[tuple[str, int, str, str]]
    captions: list[str]
    files: Mapping[str, bytes]
    folders: bool
    journals: list[Path]


def look(place: Place, catalogue: FakeClient) -> Found:
    """Look into the catalogue's own store and the file server's own folder, past whatever is broken."""
    pids = [pid for pid, dataset in catalogue.datasets.items() if dataset.dataset_name == place.name]
    registered = [
        (file.path, file.size, str(block.chk_alg), str(file.chk))
        for pid in pids
        for block in catalogue.orig_datablocks.get(pid, [])
        for file in block.data_file_list
    ]
    captions = [str(one.caption) for pid in pids for one in catalogue.attachments.get(pid, [])]
    folder = place.source_folder
    return Found(
        pids=[str(pid) for pid in pids],
        registered=sorted(registered),
        captions=sorted(captions),
        files=tree(folder),
        folders=any(path.name != FILLER for path in Path(place.served).iterdir()),
        journals=place.journals,
    )


def check_is_complete(found: Found, place: Place, contents: Mapping[str, bytes] = CONTENT) -> None:
    """Everything is there, once, and nothing else."""
    assert len(found.pids) == 1, found.pids
    assert found.registered == _registered(contents)
    assert found.captions == sorted(CAPTIONS)
    assert found.files == contents
    kept = [path.name for path in place.kept]
    assert not kept, kept


def check_stopped_upload(
    found: Found,
    error: BaseException | None,
    *,
    foreign: Mapping[str, bytes],
    contents: Mapping[str, bytes] = CONTENT,
) -> str:
    """Check what an upload that was stopped has left.

    Parameters
    ----------
    found:
        What is there.
    error:
        What was raised; None for a process that was killed.
    foreign:
        Files that somebody else has put into the folder of the dataset.
    contents:
        What was to be uploaded.

    Returns
    -------
    :
        "undone" or "kept".
    """
    for name, content in found.files.items():
        if name in foreign:
            assert content == foreign[name], f"{name} was overwritten"
        elif name in contents:
            assert content == contents[name], f"wrong content in {name}"
        else:
            assert PARTIAL in name, f"{name} is nobody's"
    mine = {name: content for name, content in found.files.items() if name not in foreign}
    assert len(found.pids) <= 1, "twice in the catalogue"
    assert len(set(found.registered)) == len(found.registered), "a file twice in the catalogue"
    assert set(found.registered) <= set(_registered(contents))
    assert len(found.captions) <= len(CAPTIONS), "an attachment twice in the catalogue"
    if found.pids:
        assert mine == contents, "a dataset without its files"
        assert found.journals, "an incomplete dataset without journal"
    if not found.journals:
        assert mine == {}, "files without journal"
        assert foreign or not found.folders, "folders without journal"
        assert error is None or isinstance(error, ScicatError | KeyboardInterrupt)
        assert not isinstance(error, UploadInterrupted)
        return "undone"
    (journal,) = found.journals
    if error is not None:
        _check_is_told(error, journal, found)
    return "kept"


def _check_is_told(error: BaseException, journal: Path, found: Found) -> None:
    told = "\n".join([str(error), *getattr(error, "__notes__", [])])
    assert "resume" in told, told
    if isinstance(error, KeyboardInterrupt):
        assert str(journal) in told, told
        return
    assert isinstance(error, UploadInterrupted), repr(error)
    assert error.journal == journal
    if error.pid is not None:
        assert found.pids == [error.pid]


def check_stopped_download(
    place: Place, error: BaseException | None, contents: Mapping[str, bytes] = CONTENT
) -> str:
    """Check what a download that was stopped has left; return "undone" or "kept"."""
    files = tree(Path(place.target))
    files.pop(FILLER, None)
    for name, content in files.items():
        if name in contents:
            assert content == contents[name], f"wrong content in {name}"
            continue
        folder, _, last = name.rpartition("/")
        whole = contents[f"{folder}/" * bool(folder) + last.removeprefix(".").rpartition(PARTIAL)[0]]
        assert len(content) <= len(whole)
    assert error is None or isinstance(error, ScicatError | KeyboardInterrupt), repr(error)
    return "kept" if files else "undone"


def check_is_downloaded(place: Place, contents: Mapping[str, bytes] = CONTENT) -> None:
    """All files are there, and nothing else."""
    assert tree(Path(place.target)) == contents


def _registered(contents: Mapping[str, bytes]) -> list[tuple[str, int, str, str]]:
    return sorted(
        (name, len(content), algorithm, hashlib.new(algorithm, content).hexdigest())
        for name, content in contents.items()
        for algorithm in [algorithm_of(name)]
    )
