"""Local files are written to where they are, never where a link leads."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scitacean.transfer.local_target import open_local_target


def write(path: Path, content: bytes, *, offset: int = 0) -> None:
    with open_local_target(path, offset=offset) as file:
        assert file.tell() == offset
        file.write(content)


def test_what_precedes_the_offset_stays_and_the_rest_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"

    @settings(max_examples=50, deadline=None)
    @given(old=st.binary(), new=st.binary(), data=st.data())
    def check(old: bytes, new: bytes, data: st.DataObject) -> None:
        offset = data.draw(st.integers(0, len(old)))
        path.write_bytes(old)
        write(path, new, offset=offset)
        assert path.read_bytes() == old[:offset] + new

    check()


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    write(tmp_path / "a", b"1")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("victim_exists", [True, False])
def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path, victim_exists: bool) -> None:
    victim, path = tmp_path / "victim", tmp_path / "a"
    if victim_exists:
        victim.write_bytes(b"precious")
    path.symlink_to(victim)
    write(path, b"1")
    assert not path.is_symlink()
    assert path.read_bytes() == b"1"
    assert victim.exists() == victim_exists
    assert not victim_exists or victim.read_bytes() == b"precious"


def test_another_name_of_the_old_file_keeps_its_content(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"precious")
    (tmp_path / "a").hardlink_to(tmp_path / "other")
    write(tmp_path / "a", b"1")
    assert (tmp_path / "other").read_bytes() == b"precious"


def test_nothing_goes_on_through_a_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / "a").symlink_to(victim)
    with pytest.raises(OSError, match="no regular file"):
        write(tmp_path / "a", b"1", offset=2)
    assert victim.read_bytes() == b"precious"


def test_nothing_goes_on_through_a_link_that_appears_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim, path = tmp_path / "victim", tmp_path / "a"
    victim.write_bytes(b"precious")
    path.write_bytes(b"12345")
    lstat = os.lstat

    def look_and_swap(looked_at: Path) -> os.stat_result:
        found = lstat(looked_at)
        path.rename(tmp_path / "moved")
        path.symlink_to(victim)
        return found

    monkeypatch.setattr(os, "lstat", look_and_swap)
    for flags in ("_SAFELY", None):
        if flags is None:
            # As on a system without a flag against links.
            monkeypatch.setattr("scitacean.transfer.local_target._SAFELY", 0)
            path.unlink()
            path.write_bytes(b"12345")
        with pytest.raises(OSError):  # noqa: PT011  (the words are the system's)
            write(path, b"1", offset=2)
        assert victim.read_bytes() == b"precious"


def test_a_pipe_is_replaced_and_nothing_goes_on_in_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a")
    with pytest.raises(OSError, match="no regular file"):
        write(tmp_path / "a", b"1", offset=2)
    write(tmp_path / "a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_socket_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The whole path might be longer than a socket's name may be.
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("a")
        write(tmp_path / "a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"


def test_folders_devices_and_what_is_missing_or_too_short_are_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        open_local_target(tmp_path, offset=0)
    with pytest.raises(FileNotFoundError):
        open_local_target(tmp_path / "missing/a", offset=0)
    with pytest.raises(FileNotFoundError):
        open_local_target(tmp_path / "a", offset=1)
    for offset in (0, 1):
        with pytest.raises(OSError, match="no regular file"):
            open_local_target(Path(os.devnull), offset=offset)
    assert Path(os.devnull).is_char_device()
    (tmp_path / "a").write_bytes(b"12")
    with pytest.raises(OSError, match="2 bytes, fewer than 3"):
        open_local_target(tmp_path / "a", offset=3)
    assert (tmp_path / "a").read_bytes() == b"12"
