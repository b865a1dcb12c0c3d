"""The client for tests: its catalogue is a server, and can be filled and looked at."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scicat_api.models import (
    CreateSampleDto,
    DataFile,
    Instrument,
    OutputAttachmentV4Dto,
    OutputDatasetDto,
    OutputOrigDatablockDto,
    OutputSampleDto,
    ProposalClass,
)
from scitacean import PID, Attachment, Client, ConfigurationError, Dataset, RemotePath, SecretStr
from scitacean.embedded import Accounts, EmbeddedCatalogue, User
from scitacean.errors import (
    ForbiddenError,
    LoginError,
    NotFoundError,
    ScicatCommError,
    SessionExpiredError,
    UploadInterrupted,
)
from scitacean.testing.client import FakeClient
from scitacean.testing.faults import expire_token, faults_of, on, status
from scitacean.testing.transfer import FakeFileTransfer

TIME = datetime(2026, 3, 1, 12, tzinfo=UTC)
PID_7 = PID.parse("20.500.12345/run-7")
STAMPS = {"createdBy": "somebody", "updatedBy": "else", "createdAt": TIME, "updatedAt": TIME}
WRITTEN = {
    name: value.isoformat() if isinstance(value, datetime) else value for name, value in STAMPS.items()
}


def new_dataset(**fields: object) -> Dataset:
    given: dict[str, object] = {
        "type": "raw",
        "name": "Run 7",
        "owner_group": "me",
        "owner": "Ada Example",
        "contact_email": "ada@site.example",
        "creation_time": TIME,
        "source_folder": RemotePath("/data/run-7"),
    }
    return Dataset(**(given | fields))  # type: ignore[arg-type]  # fields of the test's choice


def stored_dataset(pid: PID = PID_7, **fields: object) -> OutputDatasetDto:
    given = {
        "pid": str(pid),
        "_id": str(pid),
        "datasetName": "Run 7",
        "type": "raw",
        "ownerGroup": "beamline1",
        "owner": "Ada Example",
        "contactEmail": "ada@site.example",
        "sourceFolder": "/data/run-7",
        "creationTime": TIME.isoformat(),
        "size": 4,
        "numberOfFiles": 1,
        "packedSize": 0,
        "numberOfFilesArchived": 0,
        "version": "4",
        "isPublished": False,
        **WRITTEN,
    }
    return OutputDatasetDto.from_dict(given | fields)


FILE = DataFile(path="a.dat", size=4, time=TIME, chk="81dc9bdb52d04dc20036dbd8313ed055")


def stored_block(pid: PID = PID_7, **fields: object) -> OutputOrigDatablockDto:
    given = {
        "datasetId": str(pid),
        "size": 4,
        "chkAlg": "md5",
        "dataFileList": [
            DataFile(path="a.dat", size=4, time=TIME, chk="81dc9bdb52d04dc20036dbd8313ed055").to_dict()
        ],
        "ownerGroup": "beamline1",
        "isPublished": False,
        **WRITTEN,
    }
    return OutputOrigDatablockDto.from_dict(given | fields)


def stored_attachment(*targets: tuple[str, str], **fields: object) -> OutputAttachmentV4Dto:
    given = {
        "caption": "A picture",
        "ownerGroup": "beamline1",
        "isPublished": False,
        "relationships": [
            {"targetId": identifier, "targetType": kind, "relationType": "is attached to"}
            for kind, identifier in targets
        ],
        **WRITTEN,
    }
    return OutputAttachmentV4Dto.from_dict(given | fields)


@pytest.fixture
def fake() -> Iterator[FakeClient]:
    with FakeClient.from_token(token="any", file_transfer=FakeFileTransfer()) as client:
        yield client


@pytest.fixture
def site() -> Iterator[EmbeddedCatalogue]:
    users = {
        name: User(username=name, email=f"{name}@site.example", groups=(group,), password=f"{name}-secret")
        for name, group in [("ada", "beamline1"), ("bob", "beamline2")]
    }
    with EmbeddedCatalogue(
        accounts=Accounts(users=users, rights={"create_dataset": "everyone"})
    ) as catalogue:
        yield catalogue


# Signing in


@pytest.mark.parametrize("url", ["https://fake.scicat", "https://fake.scicat/api/v3", "http://localhost"])
@pytest.mark.parametrize("how", ["constructor", "token", "credentials"])
def test_one_may_do_everything(url: str, how: str) -> None:
    ways = {
        "constructor": lambda: FakeClient(),
        "token": lambda: FakeClient.from_token(
            url=url, token=SecretStr(" abc.def\n"), timeout=3, verify=False
        ),
        "credentials": lambda: FakeClient.from_credentials(url=url, username="ada", password=SecretStr("x")),
    }
    with ways[how]() as client:
        uploaded = client.upload_new_dataset_now(new_dataset(owner_group="any"))
        assert uploaded.pid is not None
        assert uploaded.created_by == ("ada" if how == "credentials" else "me")
        assert client.get_dataset(uploaded.pid).name == "Run 7"


def test_the_public_reads_what_is_published() -> None:
    with FakeClient.without_login() as client:
        client.datasets[PID_7] = stored_dataset()
        with pytest.raises(NotFoundError, match="does not show it"):
            client.get_dataset(PID_7)
        client.datasets[PID_7] = stored_dataset(isPublished=True)
        assert client.get_dataset(PID_7).name == "Run 7"
        with pytest.raises(LoginError):
            client.upload_new_dataset_now(new_dataset())


def test_a_given_catalogue_keeps_its_rules(site: EmbeddedCatalogue) -> None:
    ada = FakeClient.from_credentials(username="ada", password="ada-secret", catalogue=site)
    bob = FakeClient.from_token(token=site.token_for("bob"), catalogue=site)
    nobody = FakeClient.without_login(catalogue=site)
    with ada, bob, nobody:
        uploaded = ada.upload_new_dataset_now(new_dataset(owner_group="beamline1"))
        assert uploaded.pid is not None
        assert list(bob.datasets) == [uploaded.pid]
        for other, error in [(bob, ForbiddenError), (nobody, NotFoundError)]:
            with pytest.raises(error):
                other.get_dataset(uploaded.pid)
    with pytest.raises(LoginError, match="does not know this user name"):
        FakeClient.from_credentials(username="ada", password="guess", catalogue=site)
    with (
        FakeClient.from_token(token="any", catalogue=site) as stranger,
        pytest.raises(LoginError, match="does not accept the token"),
    ):
        stranger.get_dataset(uploaded.pid)


def test_other_tokens_than_the_given_one_are_as_on_servers() -> None:
    with (
        FakeClient.from_token(token="any") as client,
        FakeClient.from_token(token="other", catalogue=client.catalogue) as other,
        pytest.raises(LoginError),
    ):
        other.get_dataset(PID_7)


@pytest.mark.parametrize("url", ["http://scicat.site.example", "scicat.site.example"])
def test_addresses_are_checked(url: str) -> None:
    with pytest.raises(ConfigurationError):
        FakeClient.from_token(url=url, token="any")


def test_it_behaves_like_other_servers() -> None:
    with (
        EmbeddedCatalogue(server="4.27") as old,
        FakeClient(catalogue=old) as client,
        pytest.raises(ScicatCommError, match="sampleName should not exist"),
    ):
        client.scicat.create_sample_model(CreateSampleDto(owner_group="me", sample_name="Salt"))


# Faults and what is disabled


def test_faults_come_when_they_are_ordered(fake: FakeClient) -> None:
    fake.datasets[PID_7] = stored_dataset()
    with faults_of(fake.catalogue) as faults:
        faults.add(on("GET", "/api/v4/datasets/*"), status(404))
        with pytest.raises(NotFoundError):
            fake.get_dataset(PID_7)
        assert fake.get_dataset(PID_7).name == "Run 7"
        faults.add(on("GET", "/api/v4/datasets/*"), expire_token())
        with pytest.raises(SessionExpiredError):
            fake.get_dataset(PID_7)
    assert fake.get_dataset(PID_7).name == "Run 7"


def test_what_is_disabled_raises_and_sends_nothing() -> None:
    disable = {"create_dataset_model": ValueError("out of order")}
    makers: list[Callable[[], FakeClient]] = [
        lambda: FakeClient(disable=disable),
        lambda: FakeClient.from_token(token="any", disable=disable),
        lambda: FakeClient.from_credentials(username="a", password="b", disable=disable),
        lambda: FakeClient.without_login(disable=disable),
    ]
    for make in makers:
        with make() as client, faults_of(client.catalogue) as faults:
            for _ in range(2):
                with pytest.raises(ValueError, match="out of order"):
                    client.scicat.create_dataset_model(None)  # type: ignore[arg-type]  # never looked at
            assert faults.requests == []


def test_a_dataset_that_cannot_be_completed_says_what_is_there() -> None:
    disable = {"create_attachment_for_dataset": ScicatCommError("out of order")}
    with FakeClient(disable=disable) as client:
        with pytest.raises(UploadInterrupted, match="out of order") as caught:
            client.upload_new_dataset_now(new_dataset(attachments=[Attachment(caption="c")]))
        assert list(client.datasets) == [caught.value.pid]
        assert len(client.attachments) == 0


@pytest.mark.parametrize("name", ["no_such_method", "_calls", "url", "close", "from_token", "without_login"])
def test_only_methods_can_be_disabled(name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"no method .* create_dataset_model"):
        FakeClient(disable={name: ValueError()})


# What the catalogue has


def test_what_was_uploaded_is_there(fake: FakeClient, tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_bytes(b"1234")
    dataset = new_dataset(attachments=[Attachment(caption="A picture")])
    dataset.add_local_files(tmp_path / "a.dat")
    pid = fake.upload_new_dataset_now(dataset).pid
    assert pid is not None
    assert list(fake.datasets) == list(fake.orig_datablocks) == list(fake.attachments) == [pid]
    # Law: what is seen here is what the client gets.
    assert fake.datasets[pid] == fake.scicat.get_dataset_model(pid)
    assert fake.attachments[pid] == fake.scicat.get_attachment_models(pid)
    (block,), (got,) = fake.orig_datablocks[pid], fake.scicat.get_orig_datablock_models(pid)
    assert (block.to_dict(), block.data_file_list[0].path) == (got.to_dict(), "a.dat")
    assert fake.datasets[str(pid)].number_of_files == 1


def test_what_is_put_there_is_got(fake: FakeClient, tmp_path: Path) -> None:
    assert isinstance(fake.file_transfer, FakeFileTransfer)
    fake.file_transfer.files[RemotePath("/data/run-7/a.dat")] = b"1234"
    fake.datasets[PID_7] = stored_dataset(keywords=["salt"])
    fake.orig_datablocks[PID_7] = [stored_block()]
    fake.attachments[PID_7] = [stored_attachment(("dataset", str(PID_7)))]
    # Law: what was put there stays as it is, whoever it says has made it.
    assert fake.datasets[PID_7] == stored_dataset(keywords=["salt"])
    found = fake.get_dataset(PID_7, strict_validation=True, attachments=True)
    assert (found.keywords, found.created_by, found.updated_at) == (["salt"], "somebody", TIME)
    assert [attachment.caption for attachment in found.attachments or ()] == ["A picture"]
    (file,) = fake.download_files(found, target=tmp_path).files
    assert file.local_path == tmp_path / "a.dat"
    assert [one.pid for one in fake.scicat.query_datasets({"keywords": "salt"})] == [PID_7]


def test_samples_proposals_and_instruments(fake: FakeClient) -> None:
    made = fake.scicat.create_sample_model(CreateSampleDto(owner_group="me", sample_name="Salt"))
    assert fake.samples == {made.sample_id: made}
    sample = OutputSampleDto.from_dict(
        {"sampleId": "s-1", "ownerGroup": "g", "sampleName": "Sand", "isPublished": False, **WRITTEN}
    )
    fake.samples["s-1"] = sample
    assert fake.get_sample("s-1").sample_name == "Sand"
    fake.proposals["p-1"] = ProposalClass.from_dict(
        {"email": "a@site.example", "title": "Salt", "ownerGroup": "g"}
    )
    assert fake.proposals["p-1"].proposal_id == "p-1"
    fake.instruments["i-1"] = Instrument.from_dict({"uniqueName": "ODIN", "name": "Odin"})
    assert {key: one.name for key, one in fake.instruments.items()} == {"i-1": "Odin"}


def test_entries_are_a_mapping(fake: FakeClient) -> None:
    other = PID.parse("20.500.12345/run-8")
    fake.datasets.update({PID_7: stored_dataset(), other: stored_dataset(other)})
    assert list(fake.datasets) == [PID_7, other]
    assert "run-8" in repr(fake.datasets)
    fake.datasets[PID_7] = stored_dataset(datasetName="Run 7b")
    assert len(fake.datasets) == 2
    assert str(PID_7) in fake.datasets
    assert fake.datasets.pop(PID_7).dataset_name == "Run 7b"
    assert list(fake.datasets) == [other]
    with pytest.raises(KeyError):
        fake.datasets[PID_7]
    with pytest.raises(KeyError):
        del fake.datasets[PID_7]
    with pytest.raises(ValueError, match=r"dataset has the id .*run-8, so it cannot be put under .*run-7"):
        fake.datasets[PID_7] = stored_dataset(other)


def test_lists_by_dataset_are_a_mapping(fake: FakeClient) -> None:
    other = PID.parse("20.500.12345/run-8")
    fake.orig_datablocks[PID_7] = [stored_block(), stored_block(_id="b-1")]
    fake.orig_datablocks[other] = [stored_block(other)]
    assert {pid: len(blocks) for pid, blocks in fake.orig_datablocks.items()} == {PID_7: 2, other: 1}
    assert fake.orig_datablocks == dict(fake.orig_datablocks)
    assert "b-1" in repr(fake.orig_datablocks)
    fake.orig_datablocks[PID_7] = [stored_block(_id="b-1", size=5)]
    assert [(block.field_id, block.size) for block in fake.orig_datablocks[PID_7]] == [("b-1", 5)]
    with pytest.raises(ValueError, match=r"belongs to \['20.500.12345/run-8'\], not to 20.500.12345/run-7"):
        fake.orig_datablocks[PID_7] = [stored_block(other)]
    with pytest.raises(ValueError, match="another origdatablock with the id b-1"):
        fake.orig_datablocks[other] = [stored_block(other, _id="b-1")]
    # Nothing of what was refused has happened.
    assert {pid: len(blocks) for pid, blocks in fake.orig_datablocks.items()} == {PID_7: 1, other: 1}
    del fake.orig_datablocks[PID_7]
    fake.orig_datablocks[other] = []
    assert len(fake.orig_datablocks) == 0
    with pytest.raises(KeyError):
        fake.orig_datablocks[PID_7]
    with pytest.raises(KeyError):
        del fake.orig_datablocks[PID_7]


def test_other_objects_are_not_put_there(fake: FakeClient) -> None:
    with pytest.raises(TypeError, match=r"Dataset where .* OutputDatasetDto .* client\.scicat"):
        fake.datasets[PID_7] = new_dataset()  # type: ignore[assignment]  # what people try
    with pytest.raises(TypeError, match="OutputDatasetDto"):
        fake.datasets[PID_7] = new_dataset().make_upload_model()  # type: ignore[assignment]  # has no PID
    with pytest.raises(TypeError, match=r"dict where .* OutputOrigDatablockDto"):
        fake.orig_datablocks[PID_7] = [stored_block(), {"size": 1}]  # type: ignore[list-item]  # as JSON has it
    with pytest.raises(TypeError, match="list of OutputOrigDatablockDto"):
        fake.orig_datablocks[PID_7] = stored_block()  # type: ignore[assignment]  # not in a list
    assert (len(fake.datasets), len(fake.orig_datablocks)) == (0, 0)


def test_attachments_of_samples_are_not_those_of_datasets(fake: FakeClient) -> None:
    both = stored_attachment(("sample", "s-1"), ("dataset", str(PID_7)), aid="a-1")
    fake.attachments[PID_7] = [both]
    assert list(fake.attachments) == [PID_7]
    assert fake.attachments[PID_7][0].aid == "a-1"
    assert "s-1" not in fake.attachments


# Where it is and when it ends


def test_a_given_catalogue_stays_open(site: EmbeddedCatalogue) -> None:
    with FakeClient(catalogue=site) as client:
        client.datasets[PID_7] = stored_dataset()
    with FakeClient(catalogue=site) as later:
        assert list(later.datasets) == [PID_7]


def test_its_own_catalogue_ends_with_it() -> None:
    client = FakeClient()
    folder = client.catalogue.folder
    assert folder.exists()
    client.close()
    client.close()
    assert not folder.exists()
    with pytest.raises(ConfigurationError, match="is closed"):
        client.get_dataset(PID_7)


def test_nothing_is_left_of_one_that_was_not_closed() -> None:
    catalogues = []
    for client in (FakeClient.from_token(token="any"), FakeClient()):
        client.datasets[PID_7] = stored_dataset()
        catalogues.append(client.catalogue)
    del client
    gc.collect()
    assert not any(catalogue.folder.exists() for catalogue in catalogues)


def test_folders_of_local_clients(tmp_path: Path) -> None:
    (tmp_path / "a.dat").write_bytes(b"1234")
    dataset = new_dataset()
    dataset.add_local_files(tmp_path / "a.dat")
    with Client.local(tmp_path / "mine") as real:
        pid = real.upload_new_dataset_now(dataset).pid
        assert pid is not None
    with FakeClient.local(tmp_path / "mine") as client:
        assert list(client.datasets) == [pid]
        client.download_files(client.get_dataset(pid), target=tmp_path / "down")
        del client.datasets[pid]
    assert (tmp_path / "down" / "a.dat").read_bytes() == b"1234"
    with Client.local(tmp_path / "mine") as real, pytest.raises(NotFoundError):
        real.get_dataset(pid)


def test_a_client_comes_with_its_catalogue() -> None:
    with FakeClient() as fake, pytest.raises(ConfigurationError, match=r"FakeClient\.from_token"):
        FakeClient(client=fake.scicat)
