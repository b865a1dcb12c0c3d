"""What notebooks show: no text of a catalogue can be more than text, and any value is shown."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scitacean.display import html

# What JupyterLab lets through of notebooks that are not trusted; the style sheet it removes.
TAGS = {
    "div",
    "span",
    "strong",
    "code",
    "bdi",
    "small",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "details",
}
TAGS |= {"summary", "ul", "li", "figure", "figcaption", "img", "style"}
ATTRIBUTES = {"class", "style", "title", "scope", "open", "alt", "src"}
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style></td></table></details><!--",
    "]]>&lt;b&gt;&#60;b>",
    "javascript:alert(1)",
    "a\x00b\ud800\u202ec\r\nd",
]
texts = st.sampled_from(HOSTILE) | st.text(st.characters(), min_size=1, max_size=200)


class Structure(HTMLParser):
    """Collects tags and attributes, and checks that what is opened is closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, ...]] = []
        self.open: list[str] = []
        self.values: list[str] = []
        self.shown: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert {name for name, _ in attrs} <= ATTRIBUTES
        self.seen.append((tag, *(name for name, _ in attrs)))
        self.values += [value or "" for name, value in attrs if name in ("title", "alt")]
        if tag == "img":
            assert str(dict(attrs)["src"]).startswith("data:image/")
        else:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.shown.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def page(text: str) -> str:
    """Show an entry that has a text everywhere."""
    picture = html.Picture("image/png", text.encode("utf-8", "replace"))
    return html.entry(
        text,
        [
            html.Field("name", text, text),
            html.Field("pid", text, text, read_only=True),
            html.Field(text, [text, text]),
            html.Field(text, {text: text, "list": [{text: {"value": text, "unit": text}}]}),
            html.Field(text, picture, text),
            html.Field(text, html.Picture(text, b"<b>"), text),
            html.Field(text, None, text),
        ],
        metadata={text: {text: [text, {text: {"value": [text], "unit": text}}]}},
        files=html.Files([html.FileRow(text, text, text, text)], 1, text),
        attachments=[html.Attached(text, picture), html.Attached(text, text)],
    )


@given(texts)
def test_every_text_gives_the_same_tags_and_attributes(text: str) -> None:
    assert Structure(page(text)).seen == Structure(page("plain")).seen


@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1))
def test_a_text_is_shown_as_it_is(text: str) -> None:
    found = Structure(page(text))
    assert text in found.values
    assert text in "".join(found.shown)


class Unshowable:
    def __str__(self) -> str:
        raise RuntimeError("no")


leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | texts
    | st.binary()
    | st.datetimes()
    | st.builds(Unshowable)
    | st.just(np.arange(3))
    | st.builds(html.Picture, st.none() | texts | st.just("image/gif"), st.binary())
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "unit", "a"]) | texts, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(values)
def test_any_value_is_shown(value: object) -> None:
    Structure(
        html.entry(
            "dataset",
            [html.Field("name", value), html.Field("odd", value, "", read_only=True)],
            metadata=value,
            files=html.Files([html.FileRow(value, value, value, value)], 1, value),
            attachments=[html.Attached(value, value)],
        )
    )


@given(st.none() | texts, st.binary())
def test_any_picture_is_shown_alone(mime: str | None, data: bytes) -> None:
    Structure(html.only_picture(html.Picture(mime, data)))
