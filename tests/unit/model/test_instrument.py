"""Instruments."""

from __future__ import annotations

from scicat_api.models import Instrument as InstrumentAnswer
from scitacean.model.instrument import Instrument


def test_the_answer_of_a_server_becomes_an_instrument() -> None:
    answer = {
        "createdBy": "admin",
        "updatedBy": "admin",
        "pid": "6f1c",
        "uniqueName": "SITE:BL1",
        "name": "BL1",
        "customMetadata": {"a": 1},
        "createdAt": "2026-03-01T12:00:00.000Z",
        "updatedAt": "2026-03-01T12:00:00.000Z",
        "_id": "6f1c",
    }
    instrument = Instrument.from_download_model(InstrumentAnswer.from_dict(answer))
    assert (instrument.pid, instrument.unique_name, instrument.name) == ("6f1c", "SITE:BL1", "BL1")
    assert (instrument.custom_metadata, instrument.created_by) == ({"a": 1}, "admin")


def test_a_pid_is_sent_only_where_there_is_one() -> None:
    instrument = Instrument(unique_name="SITE:BL1", name="BL1")
    assert instrument.make_upload_model().to_dict() == {"uniqueName": "SITE:BL1", "name": "BL1"}
    assert instrument.replace(pid="bl1").make_upload_model().to_dict()["pid"] == "bl1"
