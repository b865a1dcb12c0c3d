"""What notebooks show of the model's entries."""

from __future__ import annotations

from datetime import UTC, datetime

from scitacean.display import html
from scitacean.model.attachment import Attachment, AttachmentRelationship
from scitacean.model.pid import PID
from scitacean.model.sample import Sample
from scitacean.model.shown import shown
from scitacean.model.thumbnail import Thumbnail

PNG = b"\x89PNG\r\n\x1a\n..."


def test_samples() -> None:
    page = Sample(
        owner_group="beamline1",
        sample_name="<b>Vanadium</b>",
        sample_characteristics={"mass": {"value": 3, "unit": "g"}},
        created_at=datetime(2026, 3, 1, tzinfo=UTC),
    )._repr_html_()
    assert "Sample</span> <strong><bdi>&lt;b&gt;Vanadium&lt;/b&gt;</bdi></strong>" in page
    assert 'title="Group that owns the sample."' in page
    assert '<bdi class="sc-key">mass</bdi>: 3 <span class="sc-unit">g</span>' in page
    assert "2026-03-01 00:00:00+00:00" in page.partition("Kept by the server")[2]


def test_attachments_with_their_pictures() -> None:
    attachment = Attachment(
        caption="The rod",
        # The content says what it is.
        thumbnail=Thumbnail("text/html", PNG),
        relationships=[AttachmentRelationship("1/a", "dataset")],
    )
    page = attachment._repr_html_()
    assert "data:image/png;base64," in page
    assert '<bdi class="sc-key">target_id</bdi>: <bdi>1/a</bdi>' in page


def test_odd_values_of_servers_are_shown() -> None:
    odd = Attachment(caption=7, thumbnail="<odd>", relationships={"a": 1})  # type: ignore[arg-type]
    page = odd._repr_html_()
    assert "<strong><bdi>7</bdi></strong>" in page
    assert "&lt;odd&gt;" in page


def test_values_become_plain_data() -> None:
    pid = PID(pid="a", prefix="20.500")
    assert shown(pid) is pid
    assert shown((pid, 1)) == [pid, 1]
    assert shown({"a": pid}) == {"a": pid}
    assert shown(Thumbnail("image/gif", b"?")) == html.Picture(None, b"?")
    assert shown(AttachmentRelationship("1", "sample", None)) == {  # type: ignore[arg-type]
        "target_id": "1",
        "target_type": "sample",
    }
