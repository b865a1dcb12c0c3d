"""What a catalogue answers to a new dataset."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from scitacean import Client, Dataset
from scitacean.catalogue.scicat_client import ScicatClient
from scitacean.embedded import EmbeddedCatalogue
from scitacean.errors import UploadInterrupted
from scitacean.transfer.copy import CopyFileTransfer


class Renaming(httpx.BaseTransport):
    """Gives what is created another PID in the answer."""

    def __init__(self, catalogue: EmbeddedCatalogue, pid: str) -> None:
        self.inner = httpx.WSGITransport(app=catalogue.wsgi)
        self.pid = pid

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        if (request.method, request.url.path) != ("POST", "/api/v4/datasets"):
            return answer
        answer.read()
        return httpx.Response(answer.status_code, json=json.loads(answer.content) | {"pid": self.pid})


@pytest.mark.parametrize("pid", ["a/", "/a", "/"])
def test_an_answer_without_usable_pid_says_that_the_dataset_is_there(
    dataset: Dataset, source: Path, tmp_path: Path, pid: str
) -> None:
    transfer = CopyFileTransfer(source_folder=(tmp_path / "there").as_posix())
    with EmbeddedCatalogue() as catalogue:
        scicat = ScicatClient.from_token(
            "http://localhost", catalogue.token_for("me"), transport=Renaming(catalogue, pid)
        )
        with Client(client=scicat, file_transfer=transfer) as client:
            with pytest.raises(
                UploadInterrupted, match="is in the catalogue, but not all of its files"
            ) as caught:
                client.upload_new_dataset_now(dataset)
            assert len(scicat.query_datasets({})) == 1
    assert (caught.value.pid, caught.value.source_folder) == (pid, (tmp_path / "there").as_posix())
    # What the dataset in the catalogue stands for is not removed.
    assert (tmp_path / "there" / "a.dat").read_bytes() == (source / "a.dat").read_bytes()
