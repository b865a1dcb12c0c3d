"""Files, here and on the server, and their checksums."""

from __future__ import annotations

import hashlib
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import attrs
import pytest

from scicat_api.models import DataFile
from scitacean import File, IntegrityError, RemotePath, ValidationError
from scitacean.errors import FileNotAccessibleError, LocalFileNotFoundError
from scitacean.model.file_row import file_row, size_or_none
from scitacean.model.file_wire import usable_entries

TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.dat"
    path.write_bytes(b"counts")
    return path


def test_a_local_file_knows_itself(path: Path) -> None:
    file = File.from_local(path)
    assert file.remote_path == "a.dat"
    assert (file.size, file.is_on_local, file.is_on_remote) == (6, True, False)
    assert file.checksum() == hashlib.blake2b(b"counts").hexdigest()
    assert abs(file.creation_time.timestamp() - path.stat().st_mtime) < 1e-3
    assert file.remote_access_path("/data") is None


def test_a_remote_file_says_what_the_catalogue_says() -> None:
    file = File.from_remote("sub/a.dat", 6, TIME, checksum="ab", checksum_algorithm="md5")
    assert (file.size, file.creation_time, file.checksum()) == (6, TIME, "ab")
    assert file.remote_access_path("/data") == RemotePath("/data/sub/a.dat")
    assert not file.local_is_up_to_date()


def test_a_file_of_which_nothing_is_known_has_no_size() -> None:
    assert File(remote_path="a").size == 0
    assert File(remote_path="a").creation_time.year == 1970


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="typing mistakes"):
        File.from_local(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        File.from_local(tmp_path)


def test_uploaded_and_downloaded_keep_both_sides(path: Path) -> None:
    local = File.from_local(path)
    there = local.uploaded(remote_uid="1000")
    assert there.is_on_remote
    assert there.remote_uid == "1000"
    assert there.remote_checksum == local.checksum()
    assert there.local_is_up_to_date()
    assert there.downloaded(local_path="other").local_path == Path("other")
    replaced = local.uploaded(remote_path="b", remote_size=1, remote_checksum="c", remote_creation_time=TIME)
    assert replaced.remote_path == "b"


@pytest.mark.parametrize("algorithm", ["blake2b", None])
def test_a_change_of_size_is_found(path: Path, algorithm: str | None) -> None:
    file = File.from_local(path, checksum_algorithm=algorithm).uploaded()
    path.write_bytes(b"longer counts")
    assert not file.local_is_up_to_date()
    with pytest.raises(IntegrityError, match="13 bytes instead of 6"):
        file.validate_after_download()


def test_a_change_of_content_is_found(path: Path) -> None:
    file = File.from_local(path).uploaded()
    path.write_bytes(b"COUNTS")
    with pytest.raises(IntegrityError, match="blake2b is"):
        file.validate_after_download()


def test_digests_compare_in_any_case(path: Path) -> None:
    digest = hashlib.md5(b"counts").hexdigest().upper()
    file = File.from_remote("a.dat", 6, "2026-03-01T12:00:00Z", checksum=digest, checksum_algorithm="md5")
    file.downloaded(local_path=path).validate_after_download()


def test_an_unknown_algorithm_warns_and_the_size_counts(path: Path) -> None:
    file = File.from_remote("a.dat", 6, TIME, checksum="1", checksum_algorithm="crc-7").downloaded(
        local_path=path
    )
    with pytest.warns(UserWarning, match="crc-7") as caught:
        file.validate_after_download()
    assert caught[0].filename == __file__


def test_all_files_of_an_unknown_algorithm_warn_alike(tmp_path: Path) -> None:
    """So Python shows the warning once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for index in range(50):
            (tmp_path / str(index)).touch()
            assert File.from_local(tmp_path / str(index), checksum_algorithm="crc-7").checksum() is None
    assert len(caught) == 1


def test_names_with_a_tilde_are_no_home_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "~$run.docx").write_text("lock")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert File.from_local("~$run.docx").size == 4
    assert File.from_local("~/~$run.docx").local_path == tmp_path / "~$run.docx"


def test_pipes_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        File.from_local(tmp_path / "pipe")


def test_a_file_that_is_gone_says_so(path: Path) -> None:
    file = File.from_local(path)
    path.unlink()
    assert not file.local_is_up_to_date()
    with pytest.raises(FileNotFoundError, match="There is no file"):
        _ = file.size


def test_size_and_time_of_an_upload_come_from_one_look(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[Path] = []
    stat = Path.stat
    file = File.from_local(path, checksum_algorithm=None)

    def looking(self: Path) -> os.stat_result:
        looks.append(self)
        return stat(self)

    monkeypatch.setattr(Path, "stat", looking)
    file.uploaded()
    file.make_upload_model()
    assert looks == [path, path]


class Growing:
    """What :meth:`Path.open` returns for a file to which another program writes meanwhile."""

    def __init__(self, path: Path) -> None:
        self.path, self.file = path, path.open("rb", buffering=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def fileno(self) -> int:
        return self.file.fileno()

    def readinto(self, buffer: memoryview) -> int:
        read = self.file.readinto(buffer)
        if not read:
            with open(self.path, "ab") as more:  # noqa: PTH123  (Path.open is replaced)
                more.write(b"more")
        return read


@pytest.mark.parametrize("use", [File.checksum, File.uploaded, File.make_upload_model])
def test_a_file_that_grows_while_it_is_read_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch, use: Callable[[File], object]
) -> None:
    file, growing = File.from_local(path), Growing(path)
    monkeypatch.setattr(Path, "open", lambda *_, **__: growing)
    with pytest.raises(FileNotAccessibleError, match=r"a\.dat changed while it was read"):
        use(file)


def test_size_and_checksum_of_an_upload_are_of_one_content(path: Path) -> None:
    file = File.from_local(path)
    path.write_bytes(b"more counts")
    with pytest.raises(FileNotAccessibleError, match="changed while"):
        file.uploaded(remote_size=6)
    assert file.uploaded(remote_size=11).remote_checksum == hashlib.blake2b(b"more counts").hexdigest()
    assert file.uploaded(remote_size=6, remote_checksum="ab").remote_checksum == "ab"


def test_an_upload_of_which_all_is_known_needs_no_local_file(path: Path) -> None:
    file = File.from_local(path, checksum_algorithm=None)
    path.unlink()
    assert file.uploaded(remote_size=6, remote_creation_time=TIME).remote_size == 6


def test_a_checksum_that_cannot_be_computed_stays_as_the_catalogue_has_it(path: Path) -> None:
    there = File.from_remote("a.dat", 6, TIME, checksum="x").downloaded(local_path=path)
    assert there.uploaded().remote_checksum == "x"
    assert there.uploaded(remote_checksum="y").remote_checksum == "y"
    path.write_bytes(b"other counts")
    assert there.uploaded().remote_checksum is None
    assert File.from_remote("a.dat", 6, TIME, checksum="x").uploaded().remote_checksum == "x"
    known = attrs.evolve(there, checksum_algorithm="md5")
    assert known.uploaded().remote_checksum == hashlib.md5(b"other counts").hexdigest()


def test_the_time_of_a_file_that_was_sent_is_looked_up_only(path: Path) -> None:
    file = attrs.evolve(File.from_local(path), remote_size=3, remote_checksum="ab")
    sent = file.make_upload_model()
    assert (sent.size, sent.time, sent.chk) == (3, file.creation_time, "ab")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("yesterday", "no time in ISO 8601"),
        ("", "no time"),
        ("2026-03-01", "no time zone"),
        ("2026-03-01T12:00:00", "no time zone"),
    ],
)
def test_times_as_text_have_a_zone(text: str, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        File.from_remote("a", 1, text)


def test_files_that_cannot_be_there_are_not_found(path: Path) -> None:
    with pytest.raises(LocalFileNotFoundError):
        File.from_local(path / "b")
    with pytest.raises(FileNotAccessibleError, match=r"File name too long\. Shorten"):
        File.from_local(path.with_name(300 * "a"))
    (path.parent / "loop").symlink_to("loop")
    with pytest.raises(FileNotAccessibleError, match="remove one of them"):
        File.from_local(path.parent / "loop")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may use, other than those of pytest."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


@contextmanager
def without_privileges() -> Iterator[None]:
    """Be an ordinary user, whom permissions concern."""
    user = os.geteuid()
    if not user:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_files_that_may_not_be_read_are_refused(open_folder: Path) -> None:
    secret = open_folder / "secret"
    secret.write_bytes(b"counts")
    file = File.from_local(secret)
    secret.chmod(0)
    with without_privileges():
        uses: list[Callable[[], object]] = [lambda: File.from_local(secret), file.checksum, file.uploaded]
        uses += [file.make_upload_model, attrs.evolve(file, remote_checksum="0").local_is_up_to_date]
        for use in uses:
            with pytest.raises(FileNotAccessibleError, match=r"Permission denied\. Check its permissions"):
                use()
    assert file.size == 6


def test_files_in_locked_folders_are_refused(open_folder: Path) -> None:
    """No raw error of the system comes through, whatever is asked."""
    for mode in (0o444, 0):
        (folder := open_folder / f"run-{mode}").mkdir()
        (folder / "a").write_bytes(b"counts")
        file = File.from_local(folder / "a")
        folder.chmod(mode)
        with without_privileges():
            uses: list[Callable[[], object]] = [lambda path=folder / "a": File.from_local(path)]  # type: ignore[misc]
            uses += [lambda one=file: one.size, lambda one=file: one.creation_time]  # type: ignore[misc]
            uses += [file.checksum, file.uploaded, file.local_is_up_to_date, file.make_upload_model]
            for use in uses:
                with pytest.raises(FileNotAccessibleError, match="Permission denied"):
                    use()
        folder.chmod(0o755)


def test_what_is_registered_is_what_was_sent(path: Path) -> None:
    file = File.from_local(path, checksum_algorithm="md5")
    sent = file.make_upload_model()
    assert (sent.path, sent.size, sent.time) == ("a.dat", 6, file.creation_time)
    assert sent.chk == hashlib.md5(b"counts").hexdigest()
    uploaded = file.uploaded(remote_creation_time=TIME)
    path.write_bytes(b"something else")
    again = uploaded.make_upload_model()
    assert (again.size, again.time, again.chk) == (6, TIME, sent.chk)


def test_what_breaks_rules_is_not_sent() -> None:
    with pytest.raises(ValidationError, match=r"remote_path.*\.\. in it") as caught:
        File.from_remote("../a", -1, datetime(2026, 3, 1), file_type="\ud800").make_upload_model()  # noqa: DTZ001
    fields = [getattr(problem, "field", None) for problem in caught.value.problems]
    assert fields == ["remote_path", "remote_size", "remote_creation_time", "file_type"]
    missing = File(remote_path="a")
    assert [one.field for one in missing.find_problems()] == ["remote_size", "remote_creation_time"]
    assert missing.find_problems(required=False) == []


def test_odd_values_of_a_server_are_kept_and_found() -> None:
    odd = {
        "path": "a",
        "size": "12",
        "time": "noon",
        "chk": 7,
        "uid": {},
        "metadata": [float("inf")],
        "type": 1,
    }
    file = File.from_download_model(DataFile.from_dict(odd), checksum_algorithm="md5", local_path="here")
    kept: object = (file.remote_size, file.remote_creation_time, file.remote_checksum)
    assert kept == ("12", "noon", 7)
    assert file.local_path == Path("here")
    fields = {problem.field for problem in file.find_problems(required=False)}
    assert fields == {
        *("remote_size", "remote_creation_time", "remote_checksum"),
        *("remote_uid", "metadata", "file_type"),
    }
    there = File.from_download_model(DataFile.from_dict(odd))
    assert (there.size, there.creation_time.year) == (0, 1970)
    assert isinstance(hash(there), int)


def test_odd_sizes_and_checksums_never_match(path: Path) -> None:
    file = File.from_local(path).uploaded()
    for odd in ({"path": "a", "size": "6"}, {"path": "a", "size": 6, "chk": 7}):
        one = File.from_download_model(DataFile.from_dict(odd), checksum_algorithm="md5", local_path=path)
        assert not one.local_is_up_to_date()
    assert file.difference_of(6, None) == ""
    assert "instead of" in file.difference_of(6, "ab")


def test_entries_without_a_path_are_no_files() -> None:
    odd = ({"path": "a"}, {"size": 1}, {"path": 7}, {"path": None}, 5)
    entries = [DataFile.from_dict(one) for one in odd]  # type: ignore[arg-type]  # 5 is no object
    assert [entry.path for entry in usable_entries(entries)] == ["a"]
    assert list(usable_entries("abc")) == []
    file = File.from_download_model(entries[2])
    assert [problem.field for problem in file.find_problems(required=False)] == ["remote_path"]


def test_an_empty_checksum_is_none() -> None:
    file = File.from_download_model(DataFile.from_dict({"path": "a", "size": 1, "chk": ""}))
    assert file.remote_checksum is None


def test_files_pickle_equal_and_hash_as_they_compare() -> None:
    file = File.from_remote("a", 1, TIME, metadata={"frames": [1]})
    again = pickle.loads(pickle.dumps(file))
    assert again == file
    assert hash(again) == hash(file)
    assert file != File.from_remote("a", 1, TIME, metadata={"frames": [2]})


def test_what_notebooks_show_of_a_file() -> None:
    shown = File.from_remote("a<b>.csv", 3, "2026-03-01T12:00:00Z")._repr_html_()
    assert "a&lt;b&gt;.csv" in shown
    title, _, table = shown.partition("</div>")
    assert "<strong><bdi>a&lt;b&gt;.csv</bdi></strong>" in title
    assert ">name<" not in table
    assert table.count("a&lt;b&gt;.csv") == 1
    assert "a<b>" not in shown


def test_rows_of_what_is_gone_or_no_file(path: Path) -> None:
    file = File.from_local(path)
    path.unlink()
    there = File.from_remote("b", 3, TIME)
    assert [file_row(one).place for one in (file, there)] == ["local, gone", "remote"]
    assert file_row(7).place == "no file"  # type: ignore[arg-type]
    assert size_or_none([there, there]) == 6
    assert size_or_none([there, file]) is None
    assert size_or_none([7]) is None  # type: ignore[list-item]
