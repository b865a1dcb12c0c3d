"""Datasets and the files that users add to them."""

from __future__ import annotations

import copy
import os
import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from scicat_api.models import OutputDatasetDto
from scitacean import (
    PID,
    Attachment,
    Datablock,
    Dataset,
    File,
    Lifecycle,
    RemotePath,
    ValidationError,
    ValidationWarning,
)

VALID: dict[str, Any] = {
    "name": "a",
    "owner_group": "g",
    "owner": "Ada",
    "contact_email": "ada@site.example",
    "creation_time": datetime(2026, 3, 1, tzinfo=UTC),
    "source_folder": "/data",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("run/a.dat", "run/sub/b.dat", "run/sub/deep/c.dat"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def remote_paths(dataset: Dataset) -> list[str]:
    return sorted(file.remote_path.posix for file in dataset.files)


def test_a_folder_adds_its_tree(tree: Path) -> None:
    dataset = Dataset(type="raw")
    dataset.add_local_files(tree / "run")
    assert remote_paths(dataset) == ["a.dat", "sub/b.dat", "sub/deep/c.dat"]
    assert dataset.number_of_files == 3
    assert dataset.size == sum(len(n) for n in ("run/a.dat", "run/sub/b.dat", "run/sub/deep/c.dat"))


def test_paths_are_relative_to_the_base_path(tree: Path) -> None:
    dataset = Dataset(type="raw")
    dataset.add_local_files(tree / "run" / "sub", tree / "run" / "a.dat", base_path=tree)
    assert remote_paths(dataset) == ["run/a.dat", "run/sub/b.dat", "run/sub/deep/c.dat"]


def test_files_outside_the_base_path_are_refused(tree: Path) -> None:
    with pytest.raises(ValueError, match="base path"):
        Dataset(type="raw").add_local_files(tree / "run", base_path=tree / "run" / "sub")


def test_missing_paths_are_refused(tree: Path) -> None:
    with pytest.raises(FileNotFoundError, match="typing mistakes"):
        Dataset(type="raw").add_local_files(tree / "none")


def test_two_files_of_one_name_are_refused(tree: Path) -> None:
    dataset = Dataset(type="raw")
    dataset.add_local_files(tree / "run")
    with pytest.raises(ValueError, match=r"Two files would be 'a\.dat'"):
        dataset.add_local_files(tree / "run" / "a.dat")
    assert dataset.number_of_files == 3


def test_links_are_followed_inside_their_folder_only(tree: Path) -> None:
    (tree / "run" / "link.dat").symlink_to(tree / "run" / "a.dat")
    (tree / "run" / "link-folder").symlink_to(tree / "run" / "sub")
    dataset = Dataset(type="raw")
    dataset.add_local_files(tree / "run")
    assert remote_paths(dataset) == [
        "a.dat",
        "link-folder/b.dat",
        "link-folder/deep/c.dat",
        "link.dat",
        "sub/b.dat",
        "sub/deep/c.dat",
    ]


@pytest.mark.parametrize("target", ["outside.dat", "outside"])
def test_links_out_of_a_folder_are_refused(tree: Path, target: str) -> None:
    (tree / "outside.dat").write_text("secret")
    (tree / "outside").mkdir()
    (tree / "run" / "link").symlink_to(tree / target)
    with pytest.raises(ValueError, match="is a link to"):
        Dataset(type="raw").add_local_files(tree / "run")


def test_pipes_are_refused(tree: Path) -> None:
    os.mkfifo(tree / "run" / "pipe")
    with pytest.raises(ValueError, match="neither a file nor a folder"):
        Dataset(type="raw").add_local_files(tree / "run")


def test_replace_keeps_the_rest_and_the_uid() -> None:
    dataset = Dataset(type="raw", name="a", pid=PID.parse("x/y"), source_folder="/data")
    other = dataset.replace(name="b", created_by="server")
    assert (other.name, other.uid, other.created_by) == ("b", dataset.uid, "server")
    assert other.pid == "x/y"
    assert other.source_folder == RemotePath("/data")
    with pytest.raises(TypeError):
        dataset.replace(no_such_field=1)


def test_what_the_server_keeps_cannot_be_set() -> None:
    dataset = Dataset(type="raw")
    with pytest.raises(AttributeError, match=r"'pid' is kept by the server .* \.replace\(pid="):
        dataset.pid = PID.parse("x/y")
    dataset.source_folder = "/data"  # type: ignore[assignment]  # text is converted
    assert dataset.source_folder == RemotePath("/data")


def test_replace_files_replaces_by_remote_path() -> None:
    a = File.from_remote("a", 1, "2026-03-01T12:00:00Z")
    b = File.from_remote("b", 1, "2026-03-01T12:00:00Z")
    dataset = Dataset(type="raw", files=[a, b])
    new = File.from_remote("b", 2, "2026-03-01T12:00:00Z")
    assert dataset.replace_files(new).files == (a, new)
    assert dataset.files == (a, b)
    with pytest.raises(ValueError, match="no file 'c'"):
        dataset.replace_files(File.from_remote("c", 1, "2026-03-01T12:00:00Z"))


def test_copies_are_equal() -> None:
    dataset = Dataset(type="raw", name="a", meta={"a": 1})
    assert copy.deepcopy(dataset) == dataset == pickle.loads(pickle.dumps(dataset))
    assert Dataset(type="raw").uid != Dataset(type="raw").uid


def test_copies_share_nothing_that_changes() -> None:
    dataset = Dataset(type="raw", meta={"a": {"b": 1}}, keywords=["x"])
    dataset.add_attachment(caption="A picture")
    for other in (copy.copy(dataset), dataset.replace()):
        assert other == dataset
        other.meta["a"]["b"] = 2  # type: ignore[index]  # any JSON
        other.keywords.append("y")  # type: ignore[union-attr]  # it is a list
        other.attachments[0].caption = "Another"  # type: ignore[index]
        other.add_files(File.from_remote("a", 1, "2026-03-01T12:00:00Z"))
    assert dataset.meta == {"a": {"b": 1}}
    assert dataset.keywords == ["x"]
    assert dataset.attachments is not None
    assert dataset.attachments[0].caption == "A picture"
    assert dataset.files == ()


def test_datasets_do_not_hash() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(Dataset(type="raw"))


def test_derived_datasets_name_their_input() -> None:
    raw = Dataset(type="raw", name="a", owner="Ada", contact_email="a@b.example", pid="x/y", meta={"a": 1})
    derived = raw.derive()
    assert (derived.type, derived.owner, derived.contact_email) == ("derived", "Ada", "a@b.example")
    assert derived.input_datasets == [PID(prefix="x", pid="y")]
    assert (derived.name, derived.pid, derived.meta, derived.uid != raw.uid) == (None, None, {}, True)
    other = raw.derive(keep=["meta", "name"])
    assert (other.type, other.meta, other.name, other.owner) == ("derived", {"a": 1}, "a", None)
    assert raw.derive(keep="owner").owner == "Ada"
    assert other.meta is not raw.meta
    with pytest.raises(KeyError, match=r"no field 'names'\. Is 'name' meant"):
        raw.derive(keep=["names"])


@pytest.mark.parametrize("name", ["type", "input_datasets", "pid", "created_at"])
def test_what_a_derived_dataset_has_of_its_own_cannot_be_kept(name: str) -> None:
    with pytest.raises(ValueError, match=f"cannot keep {name}"):
        Dataset(type="raw", pid="x/y").derive(keep=["owner", name])


def test_only_what_is_in_the_catalogue_can_be_derived_from() -> None:
    with pytest.raises(ValueError, match="has no PID yet"):
        Dataset(type="raw").derive()


def test_as_new_forgets_what_the_catalogue_made() -> None:
    picture = Attachment(caption="c", aid="1", created_by="server")
    old = Dataset(
        type="raw",
        name="a",
        pid="x/y",
        created_by="server",
        lifecycle=Lifecycle(archivable=True),
        attachments=[picture],
        packed_size=7,
    )
    new = old.as_new()
    assert (new.name, new.pid, new.created_by, new.lifecycle, new.packed_size) == ("a", None, None, None, 0)
    assert new.uid != old.uid
    assert new.attachments == [Attachment(caption="c")]
    assert Dataset(type="raw", attachments=None).as_new().attachments is None


def test_fields_are_items() -> None:
    dataset = Dataset(type="raw", name="a", owner_group="g")
    assert dataset["name"] == "a"
    dataset["name"] = "b"
    assert dataset.name == dict(dataset)["name"] == "b"
    assert list(zip(dataset.keys(), dataset.values(), strict=True)) == list(dataset.items())
    with pytest.raises(KeyError, match=r"no field 'owner_groups'\. Is 'owner_group' meant"):
        dataset["owner_groups"] = "h"
    with pytest.raises(KeyError, match="no field 'files'"):
        dataset["files"]


def test_fields_are_described() -> None:
    fields = {field.name: field for field in Dataset.fields()}
    assert fields["meta"].scicat_name == "scientificMetadata"
    assert fields["owner_group"].scicat_name == "ownerGroup"
    assert fields["name"].description == "Name that people know it by."
    assert all(field.description.endswith(".") for field in fields.values())
    kept = {"pid", "api_version", "created_at", "created_by", "updated_at", "updated_by"}
    assert {field.name for field in Dataset.fields(read_only=True)} == kept
    assert {field.name for field in Dataset.fields(read_only=False)} == set(fields) - kept
    assert {field.name for field in fields.values() if field.required} == {
        "type",
        "name",
        "owner_group",
        "owner",
        "contact_email",
        "creation_time",
        "source_folder",
    }


def test_all_problems_are_told_at_once() -> None:
    dataset = Dataset(type="raw", name="a", meta={"t": float("nan"), "u": [datetime(2026, 3, 1)]})  # noqa: DTZ001
    dataset.add_attachment(caption="")
    dataset.add_files(File.from_remote("../a", -1, "2026-03-01T12:00:00Z"))
    with pytest.raises(ValidationError) as caught:
        dataset.validate()
    fields = [problem.field for problem in caught.value.problems]
    assert {"owner", "owner_group", "meta.t", "meta.u[0]", "files[0].remote_path"} <= set(fields)
    assert "attachments[0].caption" in fields
    assert len(fields) == len(set(fields))
    with pytest.raises(ValidationError) as caught:
        dataset.make_upload_model()
    assert [problem.field for problem in caught.value.problems] == [f for f in fields if "s[0]." not in f]


def test_keys_that_servers_mangle_are_warned_of() -> None:
    dataset = Dataset(type="raw", **VALID, meta={"a b": 1})
    with pytest.warns(ValidationWarning, match="may not give back the dataset as it is:\n(?s:.*)a b"):
        dataset.validate()
    assert dataset.make_upload_model().scientific_metadata == {"a b": 1}


def test_ordinary_python_becomes_json() -> None:
    dataset = Dataset(type="raw", **VALID, meta={"when": datetime(2026, 3, 1, tzinfo=UTC), "n": (1, 2)})
    sent = dataset.make_upload_model().scientific_metadata
    assert sent == {"when": "2026-03-01T00:00:00+00:00", "n": [1, 2]}
    assert dataset.meta["n"] == (1, 2)


def test_files_go_into_blocks_of_one_algorithm() -> None:
    files = [
        File.from_remote(name, 1, "2026-03-01T12:00:00Z", checksum="0", checksum_algorithm=algorithm)
        for name, algorithm in (("a", "md5"), ("b", "sha256"), ("c", "md5"))
    ]
    dataset = Dataset(type="raw", files=files, is_published=True)
    blocks = dataset.make_datablock_upload_models(PID.parse("x/y")).orig_datablocks
    assert [(block.chk_alg, [file.path for file in block.data_file_list]) for block in blocks] == [
        ("md5", ["a", "c"]),
        ("sha256", ["b"]),
    ]
    assert {block.dataset_id for block in blocks} == {"x/y"}
    assert all(block.is_published for block in blocks)
    with pytest.raises(ValueError, match="has no PID yet"):
        dataset.make_datablock_upload_models()


def test_groups_of_attachments_are_those_of_the_dataset() -> None:
    dataset = Dataset(type="raw", owner_group="g", access_groups=["h"])
    dataset.add_attachment(caption="a")
    dataset.add_attachment(caption="b", owner_group="other", access_groups=[])
    one, other = dataset.make_attachment_upload_models()
    assert (one.owner_group, one.access_groups) == ("g", ["h"])
    assert (other.owner_group, other.access_groups) == ("other", [])


def test_sizes_in_the_archive_are_those_of_datablocks_or_what_the_server_says() -> None:
    file = File.from_remote("a", 3, "2026-03-01T12:00:00Z")
    block = Datablock(archive_id="1", size=3, packed_size=2, version="1", files=[file])
    server = OutputDatasetDto.from_dict({"packedSize": 5, "numberOfFilesArchived": "many"})
    dataset = Dataset.from_download_model(server)
    assert (dataset.packed_size, dataset.number_of_files_archived) == (5, 0)
    dataset = dataset.replace(datablocks=[block, block])
    assert (dataset.packed_size, dataset.number_of_files_archived) == (4, 2)


def test_what_is_shown_of_a_dataset() -> None:
    dataset = Dataset(type="raw", name="a")
    assert str(dataset) == "Dataset 'a' (raw, without PID, 0 files)"
    assert repr(dataset) == "Dataset(type='raw', name='a', files=0)"
    one = dataset.replace(pid="x/y", files=[File.from_remote("a", 3, "2026-03-01T12:00:00Z")])
    assert str(one) == "Dataset 'a' (raw, x/y, 1 file)"


def test_adding_files_one_by_one_costs_the_same_for_each() -> None:
    dataset = Dataset(type="raw")
    files = [File.from_remote(f"f{index}", 1, "2026-03-01T12:00:00Z") for index in range(3_000)]
    seen = dataset.files
    for file in files:
        dataset.add_files(file)
    assert seen == ()
    assert dataset.files == tuple(files)
    assert dataset.files is dataset.files
    with pytest.raises(ValueError, match="f7"):
        dataset.add_files(File.from_remote("new", 1, "2026-03-01T12:00:00Z"), files[7])
    assert dataset.number_of_files == 3_000


class Uncopyable:
    def __deepcopy__(self, memo: object) -> None:
        raise TypeError


def test_copies_are_made_whatever_is_in_metadata() -> None:
    nested: list[object] = []
    for _ in range(600):
        nested = [nested]
    odd = {"a": Uncopyable(), "b": nested, "c": (index for index in range(3)), "d": np.arange(3)}
    dataset = Dataset(type="raw", meta=odd)
    dataset.meta["self"] = dataset.meta
    other = dataset.replace(name="b")
    assert other.meta["a"] is dataset.meta["a"]
    assert other.meta["self"] is other.meta is not dataset.meta
    fields = {problem.field for problem in other.find_problems(required=False)}
    assert {"meta.a", "meta.c"} <= fields


def test_copies_share_nothing_inside_of_parts() -> None:
    lifecycle = Lifecycle(archive_return_message={"a": [1]})
    picture = Attachment(caption="a", access_groups=["g"])
    dataset = Dataset(type="raw", lifecycle=lifecycle, attachments=(picture,))  # type: ignore[arg-type]
    other = dataset.replace()
    assert other == dataset
    assert other.lifecycle is not None
    assert other.lifecycle.archive_return_message is not lifecycle.archive_return_message
    assert other.attachments is not None
    assert other.attachments[0].access_groups is not picture.access_groups


def test_arrays_compare_as_what_is_sent_of_them() -> None:
    one, other = (Dataset(type="raw", meta={"a": np.arange(3)}) for _ in range(2))
    assert one == other == pickle.loads(pickle.dumps(one)) == Dataset(type="raw", meta={"a": [0, 1, 2]})
    assert one != Dataset(type="raw", meta={"a": np.arange(4)})
    assert "array([0, 1, 2])" in repr(one)


@pytest.mark.parametrize("name", ["attachments", "datablocks"])
def test_parts_that_are_none_are_reported(name: str) -> None:
    for value, field in (("x", name), (["x"], f"{name}[0]"), ([None], f"{name}[0]")):
        dataset = Dataset(type="raw", **{name: value})  # type: ignore[arg-type]  # a mistake
        assert field in [problem.field for problem in dataset.find_problems()]


def test_problems_of_datablocks_are_found() -> None:
    block = Datablock(archive_id="", size=-1, packed_size=2, version="1")
    fields = [problem.field for problem in Dataset(type="raw", **VALID, datablocks=[block]).find_problems()]
    assert {"datablocks[0].archive_id", "datablocks[0].size"} <= set(fields)


def test_what_an_upload_does_not_send_of_attachments_is_told() -> None:
    dataset = Dataset(type="raw", **VALID, attachments=[Attachment(caption="a", is_published=True)])
    with pytest.warns(ValidationWarning, match=r"attachments\[0\]\.is_published .* is not sent"):
        dataset.validate()


def test_fields_are_found_and_counted_like_those_of_a_mapping() -> None:
    dataset = Dataset(type="raw")
    assert "name" in dataset
    assert "names" not in dataset
    assert 7 not in dataset
    assert list(dataset) == list(dataset.keys())
    with pytest.raises(KeyError):
        dataset[7]  # type: ignore[index]  # a mistake


def test_odd_metadata_of_a_server_stays() -> None:
    odd: object
    for odd in ([], 0, "", False):
        dataset = Dataset.from_download_model(OutputDatasetDto.from_dict({"scientificMetadata": odd}))
        assert cast("object", dataset.meta) == odd
    assert Dataset.from_download_model(OutputDatasetDto.from_dict({"scientificMetadata": None})).meta == {}
