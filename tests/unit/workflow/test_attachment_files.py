"""Pictures of attachments as files."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean import Attachment, Client, ConfigurationError, Dataset, FileNotAccessibleError, Thumbnail
from scitacean.validation.paths import unsafe_path_reason
from scitacean.workflow.attachment_files import write_attachments

PNG, JPEG, SVG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"<svg></svg>"


def attachment(caption: Any, data: bytes = PNG, mime: str | None = "image/png") -> Attachment:
    return Attachment(caption=caption, thumbnail=Thumbnail(mime, data))


@pytest.mark.parametrize(
    ("caption", "data", "mime", "name"),
    [
        ("The rod, cold", PNG, "image/png", "The_rod_cold.png"),
        ("plot.PNG", PNG, "image/png", "plot.PNG"),
        ("plot.jpeg", JPEG, "image/jpeg", "plot.jpeg"),
        ("plot.png", JPEG, "image/jpeg", "plot.png.jpg"),
        ("drawing", SVG, "image/svg+xml", "drawing.svg"),
        ("no type", PNG, None, "no_type.png"),
        ("unknown", b"\0", "image/x-odd", "unknown.bin"),
        ("../../etc/passwd", PNG, "image/png", "etc_passwd.png"),
        ("C:\\x", PNG, "image/png", "C_x.png"),
        ("nul", PNG, "image/png", "nul_.png"),
        ("Übersicht ß", PNG, "image/png", "Übersicht_ß.png"),
        ("", PNG, "image/png", "attachment.png"),
        (".png", PNG, "image/png", "png.png"),
        (7, PNG, "image/png", "attachment.png"),
        ("x" * 500, PNG, "image/png", "x" * 100 + ".png"),
    ],
)
def test_names_are_those_of_captions(
    tmp_path: Path, caption: Any, data: bytes, mime: str | None, name: str
) -> None:
    (path,) = write_attachments([attachment(caption, data, mime)], tmp_path / "pictures")
    assert path == tmp_path / "pictures" / name
    assert path.read_bytes() == data
    assert list((tmp_path / "pictures").iterdir()) == [path]


@given(captions=st.lists(st.text(max_size=30), max_size=6), again=st.booleans())
def test_each_picture_has_a_file_below_the_folder(captions: list[str], again: bool) -> None:
    pictures = [attachment(caption, PNG + bytes([index])) for index, caption in enumerate(captions)]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "target")
        paths = write_attachments(pictures, target)
        if again:
            assert write_attachments(pictures, target) == paths
        assert [path.read_bytes() for path in paths] == [picture.thumbnail.data for picture in pictures]  # type: ignore[union-attr]  # they have one
        assert len(set(paths)) == len(paths)
        assert all(path.parent == target for path in paths)
        assert all(not unsafe_path_reason(path.name, windows=True) for path in paths)
        assert sorted(Path(folder).rglob("*")) == sorted({target, *paths} if paths else [])


def test_nothing_is_overwritten_or_written_through(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"raw")
    target = tmp_path / "target"
    (target / "c.png").mkdir(parents=True)
    (target / "a.png").symlink_to(precious)
    (target / "b.png").write_bytes(b"mine")
    (target / ".d.png.part").symlink_to(precious)
    paths = write_attachments([attachment(caption) for caption in "abcd"], target)
    assert [path.name for path in paths] == ["a-2.png", "b-2.png", "c-2.png", "d.png"]
    assert precious.read_bytes() == b"raw"
    assert (target / "b.png").read_bytes() == b"mine"
    assert sorted(path.name for path in target.iterdir()) == sorted(
        ["a.png", "b.png", "c.png", *(path.name for path in paths)]
    )


def test_without_pictures_there_is_no_folder(tmp_path: Path) -> None:
    odd: Any = "no picture"
    attachments = [Attachment(caption="none"), Attachment(caption="odd", thumbnail=odd)]
    assert write_attachments(attachments, tmp_path / "target") == []
    assert list(tmp_path.iterdir()) == []


def test_targets_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="it is a file"):
        write_attachments([attachment("a")], tmp_path / "file")
    with pytest.raises(FileNotAccessibleError, match="Cannot write"):
        write_attachments([attachment("a")], tmp_path / "file" / "below")


def test_attachments_are_asked_for(client: Client, dataset: Dataset, tmp_path: Path) -> None:
    dataset.attachments = [
        attachment("one"),
        Attachment(caption="none"),
        attachment("two", JPEG, "image/jpeg"),
    ]
    uploaded = client.upload_new_dataset_now(dataset)
    found = client.get_dataset(str(uploaded.pid))
    paths = client.download_attachment_files(found, target=tmp_path / "target")
    assert [(path.name, path.read_bytes()) for path in paths] == [("one.png", PNG), ("two.jpg", JPEG)]
    with_them = client.download_attachments_for(found)
    assert client.download_attachment_files(with_them, target=tmp_path / "target") == paths
    with pytest.raises(ValueError, match="no PID"):
        client.download_attachment_files(dataset.replace(attachments=None), target=tmp_path)
