"""What is made on the host is noted, and removed as far as the server lets us."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from scitacean.errors import FileUploadError
from scitacean.transfer.ssh import folders
from scitacean.transfer.ssh.folders import HostFolders
from scitacean.transfer.ssh.journal import Journal
from scitacean.transfer.ssh.lookup import look_up
from scitacean.transfer.ssh.sftp_packets import Attributes, Kind
from scitacean.transfer.ssh.sftp_session import Pending
from tests.unit.transfer.ssh.scripted import Tree, session

DEEP = {b"/data", b"/data/a", b"/data/a/b", b"/data/c"}


def test_folders_that_are_missing_are_made_and_noted() -> None:
    tree = Tree(files=set(), folders={b"/", b"/data"})
    journal = Journal()
    folders = HostFolders(journal)
    sftp = session(tree)
    missing = folders.missing(sftp, [b"/data/a/b", b"/data/c", b"/data"])
    assert missing == DEEP - {b"/data"}
    folders.make(sftp, missing)
    assert tree.folders == DEEP | {b"/"}
    assert journal.folders == DEEP - {b"/data"}
    assert folders.missing(sftp, DEEP) == set()


def test_folders_of_all_depths_are_asked_for_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[bytes]] = []

    def note(ask: Callable[[bytes], Pending[Attributes]], paths: list[bytes]) -> Iterator[Attributes | None]:
        asked.append(set(paths))
        return look_up(ask, paths)

    monkeypatch.setattr(folders, "look_up", note)
    here = HostFolders(Journal())
    sftp = session(Tree(files={b"/data/f"}, folders={b"/", b"/data", b"/data/c"}))
    assert here.missing(sftp, [b"/data/a/b", b"/data/c"]) == {b"/data/a", b"/data/a/b"}
    assert asked == [DEEP]
    # What is known to be there is not asked for again.
    assert here.missing(sftp, [b"/data/a/b", b"/data/c"]) == {b"/data/a", b"/data/a/b"}
    assert asked[1:] == [{b"/data/a", b"/data/a/b"}]
    with pytest.raises(FileUploadError, match="/data/f"):
        here.missing(sftp, [b"/data/f/a"])


def test_a_folder_that_is_refused_is_not_noted_and_those_before_it_are() -> None:
    tree = Tree(files=set(), folders={b"/"})
    tree.refused = {(Kind.MKDIR, b"/data/a")}
    journal = Journal()
    with pytest.raises(FileUploadError, match="may not write /data/a on"):
        HostFolders(journal).make(session(tree), DEEP)
    # Of one depth all are asked for at once; what is not answered yet may be there.
    assert journal.folders >= tree.folders - {b"/"}
    assert b"/data/a" not in journal.folders
    journal.revert(session(tree), {b"/data/x", b"/data/c/y"})
    assert tree.folders == {b"/"}


def test_a_folder_that_somebody_else_makes_meanwhile_is_theirs() -> None:
    tree = Tree(files=set(), folders={b"/", b"/data"})
    journal = Journal()
    HostFolders(journal).make(session(tree), {b"/data", b"/data/c"})
    assert journal.folders == {b"/data/c"}


def test_a_folder_of_which_an_earlier_try_was_not_told_is_ours() -> None:
    tree = Tree(files=set(), folders={b"/", b"/data"})
    journal = Journal(folders={b"/data"})
    HostFolders(journal).make(session(tree), {b"/data"})
    assert journal.folders == {b"/data"}


def test_a_file_in_the_way_of_a_folder() -> None:
    tree = Tree(files={b"/data"}, folders={b"/"})
    with pytest.raises(FileUploadError, match="there is a file of that name"):
        HostFolders(Journal()).missing(session(tree), [b"/data/a"])


def test_what_cannot_be_removed_stays_noted_until_it_can() -> None:
    tree = Tree(files={b"/d/a", b"/d/b", b"/d/.c", b"/d/.e", b"/d/theirs"}, folders={b"/", b"/d"})
    journal = Journal(
        files={b"/d/a", b"/d/b"}, partial={b"/d/.c": b"/d/c", b"/d/.e": b"/d/e"}, folders={b"/d"}
    )
    tree.refused = {(Kind.REMOVE, b"/d/a"), (Kind.REMOVE, b"/d/.c")}
    targets = {b"/d/a", b"/d/b", b"/d/c", b"/d/e", b"/d/theirs"}
    with pytest.raises(FileUploadError, match=r"may not write /d/\.c on"):
        journal.revert(session(tree), targets)
    assert tree.files == {b"/d/a", b"/d/.c", b"/d/theirs"}
    assert (journal.files, journal.partial) == ({b"/d/a"}, {b"/d/.c": b"/d/c"})
    tree.refused = {(Kind.RMDIR, b"/d")}
    journal.revert(session(tree), targets)
    # Only what is ours goes, and a folder that stays is no error.
    assert (tree.files, journal.folders) == ({b"/d/theirs"}, {b"/d"})
    tree.files.clear()
    tree.refused.clear()
    journal.revert(session(tree), targets)
    assert (tree.folders, journal) == ({b"/"}, Journal())
