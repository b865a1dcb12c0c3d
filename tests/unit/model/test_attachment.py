"""Attachments: what is sent, what comes, and the rules."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scicat_api import reading
from scicat_api.models import Attachment as AttachmentV3
from scicat_api.models import AttachmentRelationshipsV4Dto, CreateAttachmentV4Dto, OutputAttachmentV4Dto
from scitacean.errors import ValidationError
from scitacean.model.attachment import Attachment, AttachmentRelationship, TargetType
from scitacean.model.pid import PID
from scitacean.model.thumbnail import Thumbnail
from scitacean.validation.attachment import TARGET_TYPES

RECORDINGS = Path(__file__).parents[2] / "data" / "recordings" / "attachments.json"
KEPT = {
    "createdAt": "2026-03-01T12:00:00.000Z",
    "createdBy": "alice",
    "updatedAt": "2026-03-02T12:00:00.000Z",
    "updatedBy": "bob",
}
texts = st.text(max_size=20)
groups = st.none() | st.lists(texts, max_size=3)
relationships = st.builds(
    AttachmentRelationship, texts.filter(bool), st.sampled_from(get_args(TargetType)), texts
)
pictures = st.builds(
    Thumbnail,
    st.sampled_from([None, "image/png", "IMAGE/JPEG"]),
    st.builds(b"\x89PNG\r\n\x1a\n".__add__, st.binary()),
) | st.builds(Thumbnail, st.sampled_from(["image/avif", "application/pdf"]), st.binary())
attachments = st.builds(
    Attachment,
    caption=texts.filter(bool),
    owner_group=texts.filter(bool),
    access_groups=groups,
    instrument_group=st.none() | texts,
    is_published=st.booleans(),
    thumbnail=st.none() | pictures,
    relationships=st.lists(relationships, max_size=3),
    aid=st.none() | texts,
)


def with_thumbnail(thumbnail: object) -> Attachment:
    return Attachment(caption="a", owner_group="b", thumbnail=thumbnail)  # type: ignore[arg-type]


def problems_of(attachment: Attachment) -> list[str]:
    return [str(problem) for problem in attachment.find_problems()]


@given(attachments)
def test_through_v4_and_back_is_the_identity(attachment: Attachment) -> None:
    model = attachment.make_upload_model_with_target(target_id="20.500/a", target_type="dataset")
    with reading() as problems:
        answer = OutputAttachmentV4Dto.from_dict({**json.loads(json.dumps(model.to_dict())), **KEPT})
    assert not list(problems)
    back = Attachment.from_download_model(answer)
    expected = [*(attachment.relationships or ())]
    if ("20.500/a", "dataset") not in [(one.target_id, one.target_type) for one in expected]:
        expected.append(AttachmentRelationship("20.500/a", "dataset"))
    assert back == attachment.replace(
        relationships=expected,
        created_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
        created_by="alice",
        updated_at=datetime(2026, 3, 2, 12, tzinfo=UTC),
        updated_by="bob",
    )


@given(attachments)
def test_through_v3_and_back_keeps_what_v3_has(attachment: Attachment) -> None:
    sent = json.loads(json.dumps(attachment.make_upload_model_for_dataset().to_dict()))
    answer = {"accessGroups": [], "isPublished": False, **sent, **KEPT, "datasetId": "20.500/a"}
    back = Attachment.from_download_model(AttachmentV3.from_dict(answer))
    assert back == attachment.replace(
        access_groups=attachment.access_groups or [],
        is_published=False,
        aid=None,
        relationships=[AttachmentRelationship("20.500/a", "dataset")],
        created_at=back.created_at,
        created_by="alice",
        updated_at=back.updated_at,
        updated_by="bob",
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["dataset", "data:,"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["targetId", "targetType", "relationType"]), inner, max_size=3)
    ),
    max_leaves=5,
)
answers = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(sorted(OutputAttachmentV4Dto._table()), json_values)
)


@given(answers, st.sampled_from([AttachmentV3, OutputAttachmentV4Dto]))
def test_whatever_a_server_sends_becomes_an_attachment_that_keeps_it(
    answer: dict[str, object], kind: type[AttachmentV3 | OutputAttachmentV4Dto]
) -> None:
    with reading() as reported:
        attachment = Attachment.from_download_model(kind.from_dict(answer))
    for name in ("caption", "owner_group", "instrument_group", "is_published", "aid"):
        scicat_name = {"owner_group": "ownerGroup", "instrument_group": "instrumentGroup"}.get(name, name)
        scicat_name = {"is_published": "isPublished"}.get(name, scicat_name)
        assert getattr(attachment, name) == answer.get(scicat_name)
    assert attachment.find_problems() == [] or list(reported) or attachment.thumbnail is not None
    assert attachment._repr_html_()


def test_answers_of_real_servers_become_attachments_without_problems() -> None:
    seen = 0
    for step in json.loads(RECORDINGS.read_text()):
        body = step.get("body")
        for answer in body if isinstance(body, list) else [body]:
            if not isinstance(answer, dict) or "caption" not in answer:
                continue
            kind = AttachmentV3 if "datasetId" in answer else OutputAttachmentV4Dto
            answer = {**answer, **{name: KEPT[name] for name in ("createdAt", "updatedAt")}, "aid": "1"}
            answer.pop("datasetId", None)
            for link in answer.get("relationships") or ():
                link["targetId"] = "20.500/a"
            attachment = Attachment.from_download_model(kind.from_dict(answer))
            assert attachment.find_problems() == []
            seen += 1
    assert seen >= 5


def test_groups_are_those_of_the_dataset_where_it_names_none() -> None:
    own = Attachment(caption="a", owner_group="mine", access_groups=[])
    model = own.make_upload_model_for_dataset(owner_group="dataset's", access_groups=["others"])
    assert (model.owner_group, model.access_groups) == ("mine", [])
    model = Attachment(caption="a").make_upload_model_for_dataset(owner_group="d", access_groups=("others",))
    assert (model.owner_group, model.access_groups) == ("d", ["others"])


def test_an_owner_group_is_needed_to_send_it() -> None:
    attachment = Attachment(caption="a")
    assert attachment.find_problems() == []
    with pytest.raises(ValidationError, match="owner_group is missing"):
        attachment.make_upload_model_for_dataset()
    with pytest.raises(ValidationError, match="owner_group is missing"):
        attachment.make_upload_model_with_target(target_id="1", target_type="sample")


def test_a_target_may_be_a_pid_and_is_added_once() -> None:
    pid = PID(pid="a/b c", prefix="20.500")
    attachment = Attachment(
        caption="a", owner_group="b", relationships=[AttachmentRelationship(pid, "dataset", "shows")]
    )
    model = attachment.make_upload_model_with_target(target_id=pid, target_type="dataset")
    assert model.relationships == [AttachmentRelationshipsV4Dto("20.500/a/b c", "dataset", "shows")]


def test_rules() -> None:
    odd = Attachment(
        caption="",
        owner_group=1,  # type: ignore[arg-type]
        access_groups="group",
        is_published="yes",  # type: ignore[arg-type]
        relationships=[AttachmentRelationship("", "job"), {"targetId": "1"}],  # type: ignore[arg-type,list-item]
    )
    assert problems_of(odd) == [
        "caption is ''; expected text that says what the picture shows",
        "owner_group is 1; expected text",
        "access_groups is 'group'; expected a list of text, not one text",
        "is_published is 'yes'; expected True or False",
        "relationships[0].target_id is ''; expected an identifier",
        "relationships[0].target_type is 'job'; expected dataset, proposal, published_data or sample",
        "relationships[1] is {'targetId': '1'}; expected an AttachmentRelationship",
    ]
    assert odd.find_problems(required=False)[0].field == "owner_group"
    with pytest.raises(ValidationError, match="7 problems"):
        odd.make_upload_model_for_dataset()


def test_relationships_are_a_list() -> None:
    odd = Attachment(caption="a", relationships="1/a")  # type: ignore[arg-type]
    assert problems_of(odd) == ["relationships is '1/a'; expected a list of AttachmentRelationship"]
    with pytest.raises(ValidationError):
        odd.make_upload_model_with_target(target_id="1", target_type="sample")


def test_pictures_that_servers_refuse_are_found() -> None:
    largest = b"GIF89a" + bytes(8 * 1024 * 1024 - 6)
    assert problems_of(with_thumbnail(Thumbnail("image/png", largest))) == []
    assert problems_of(with_thumbnail(Thumbnail("image/png", bytes(8 * 1024 * 1024 + 1)))) == [
        "thumbnail is '8,388,609 bytes'; expected at most 8,388,608 bytes: servers refuse larger requests"
    ]
    assert problems_of(with_thumbnail("a.png"))[0].startswith("thumbnail is 'a.png'; expected a Thumbnail")


@pytest.mark.parametrize(
    ("thumbnail", "expected"),
    [
        (
            Thumbnail("text/html", b"<b>"),
            "is 'text/html'; expected a picture: a type like image/png",
        ),
        (Thumbnail("text/html", b"GIF89a"), "a type like image/png"),
        (Thumbnail("image/png", b"no picture"), "SVG picture; it begins with b'no picture'"),
        (Thumbnail("Image/PNG", b"no picture"), "SVG picture; it begins with b'no picture'"),
        (Thumbnail(None, b"no picture"), "SVG picture; it begins with b'no picture'"),
        (Thumbnail("image/svg+xml", b""), "SVG picture; it is empty"),
    ],
)
def test_what_is_no_picture_is_found(thumbnail: Thumbnail, expected: str) -> None:
    (problem,) = problems_of(with_thumbnail(thumbnail))
    assert problem.endswith(expected)


def test_many_odd_relationships_are_counted() -> None:
    odd = AttachmentRelationship("", "job", 7)  # type: ignore[arg-type]
    found = Attachment(caption="a", relationships=[odd, *[odd] * 999, "x", "y"]).find_problems()  # type: ignore[list-item]
    assert [(problem.field, str(problem.value)) for problem in found] == [
        ("relationships[0].target_id", ""),
        ("relationships[0].target_type", "job"),
        ("relationships[0].relation_type", "7"),
        ("relationships[1000]", "x"),
        *[("relationships", "999 more like the first")] * 3,
        ("relationships[1001]", "y"),
    ]


def test_arrays_in_relationships_are_found() -> None:
    odd = AttachmentRelationship(np.arange(2), np.arange(2))  # type: ignore[arg-type]
    fields = [problem.field for problem in Attachment(caption="a", relationships=[odd]).find_problems()]
    assert fields == ["relationships[0].target_id", "relationships[0].target_type"]


def test_a_picture_that_is_none_stays_to_be_seen() -> None:
    answer = {**KEPT, "ownerGroup": "a", "caption": "b", "isPublished": True, "thumbnail": "no base64!"}
    attachment = Attachment.from_download_model(OutputAttachmentV4Dto.from_dict(answer))
    assert str(attachment.thumbnail) == "no base64!"
    assert [problem.field for problem in attachment.find_problems(required=False)] == ["thumbnail"]


def test_what_v3_names_is_not_listed_twice() -> None:
    link = {"targetId": "1/a", "targetType": "dataset", "relationType": "shows"}
    answer = {"relationships": [link], "datasetId": "1/a", "sampleId": "s"}
    attachment = Attachment.from_download_model(AttachmentV3.from_dict(answer))
    assert attachment.relationships == [
        AttachmentRelationship("1/a", "dataset", "shows"),
        AttachmentRelationship("s", "sample"),
    ]


def test_the_rules_know_the_targets_of_the_document() -> None:
    assert set(TARGET_TYPES) == set(get_args(TargetType))
    for kind in get_args(TargetType):
        Attachment(caption="a", owner_group="b").make_upload_model_with_target(
            target_id="1", target_type=kind
        )


def test_every_field_is_described() -> None:
    assert all(field.description for field in Attachment.fields())
    sent = set(CreateAttachmentV4Dto._table())
    assert {field.scicat_name for field in Attachment.fields(read_only=False)} == sent
