"""What notebooks show of entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest

from scitacean.display import html
from scitacean.display.html_values import size, tree

PNG = html.Picture("image/png", b"...")


def rows(number: int, read: list[int] | None = None) -> Iterator[html.FileRow]:
    for index in range(number):
        if read is not None:
            read.append(index)
        yield html.FileRow(f"run/{index}.nxs", 1_000, datetime(2026, 3, 1, tzinfo=UTC), "remote")


def section(page: str, title: str) -> str:
    """Return the section that has a title."""
    (found,) = [part for part in page.split("<details")[1:] if title in part.partition("</summary>")[0]]
    return found


def test_the_title_has_name_and_identifier() -> None:
    page = html.entry("published data", [html.Field("title", "Rods"), html.Field("doi", "10.1/a")])
    assert "Published data</span> <strong><bdi>Rods</bdi></strong> <code>10.1/a</code>" in page


def test_what_has_no_name_is_called_by_its_path() -> None:
    page = html.entry("file", [html.Field("remote_path", "run/7.nxs"), html.Field("size", 5)])
    assert "File</span> <strong><bdi>run/7.nxs</bdi></strong></div>" in page
    page = html.entry("file", [html.Field("remote_path", "run/7.nxs"), html.Field("name", "7.nxs")])
    assert "<strong><bdi>7.nxs</bdi></strong>" in page


def test_what_is_empty_within_others_is_seen() -> None:
    page = tree({"list": [], "dict": {}, "text": "", "inner": [[], {}], "T": {"value": [], "unit": ""}})
    for name, shown in [("list", "[]"), ("dict", "{}"), ("text", "&quot;&quot;"), ("T", "[]"), ("0", "[]")]:
        assert f'<bdi class="sc-key">{name}</bdi>: <span class="sc-faint">{shown}</span></li>' in page


def test_arrays_may_be_units() -> None:
    assert '<span class="sc-unit">[0 1 2]</span>' in tree({"T": {"value": 5, "unit": np.arange(3)}})


def test_a_picture_alone_has_the_style_of_the_others() -> None:
    page = html.only_picture(PNG)
    assert page.startswith('<div class="scitacean"><style>.scitacean')
    assert page.endswith('<img alt="" src="data:image/png;base64,Li4u"></div>')


def test_an_entry_may_have_no_name() -> None:
    assert '<span class="sc-noun">Job</span></div>' in html.entry("job", [])


def test_empty_fields_are_folded_and_those_of_the_server_apart() -> None:
    page = html.entry(
        "dataset",
        [
            html.Field("name", "a", "Its name."),
            html.Field("is_published", False),
            html.Field("owner", None, "Its owner."),
            html.Field("keywords", []),
            html.Field("pid", "1/a", "Made by the server.", read_only=True),
        ],
    )
    assert section(page, "2 empty fields").startswith(">")
    assert '<code title="Its owner.">owner</code>' in section(page, "2 empty fields")
    assert 'title="Made by the server."' in section(page, "Kept by the server")
    assert ">False</td>" in page.partition("<details")[0]


def test_few_files_are_shown_open_and_many_folded() -> None:
    few = html.entry("dataset", [], files=html.Files(rows(50), 50, 50_000))
    assert section(few, "50 files <small>48.8 KiB</small>").startswith(" open")
    many = html.entry("dataset", [], files=html.Files(rows(51), 51, 51_000))
    assert section(many, "51 files").startswith(">")
    assert "run/50.nxs" in many


def test_of_very_many_files_a_part_is_read_and_the_rest_counted() -> None:
    read: list[int] = []
    page = html.entry("dataset", [], files=html.Files(rows(100_000, read), 100_000, None))
    assert len(read) == 200
    assert "… and 99,800 more files" in section(page, "100,000 files")
    assert len(page) < 100_000


def test_a_dataset_may_have_no_files() -> None:
    assert '<div class="sc-faint">0 files</div>' in html.entry("dataset", [], files=html.Files([], 0, 0))


def test_attachments_show_their_pictures() -> None:
    page = html.entry("dataset", [], attachments=[html.Attached("A plot", PNG), html.Attached("None", None)])
    assert '<img alt="A plot" src="data:image/png;base64,Li4u">' in section(page, "2 attachments")


def test_of_very_many_attachments_a_part_is_shown() -> None:
    page = html.entry("dataset", [], attachments=[html.Attached("A plot", PNG)] * 60)
    assert page.count("<img") == 50
    assert "… and 10 more" in page


@pytest.mark.parametrize("mime", [None, "image/svg+xml", "image/tiff", "text/html", "image/png;x"])
def test_what_may_be_no_picture_or_have_scripts_is_not_shown(mime: str | None) -> None:
    shown = html.picture(html.Picture(mime, b"<svg>"))
    assert "<img" not in shown
    assert "5 B, not shown" in shown


def test_no_more_pictures_are_shown_than_jupyter_takes() -> None:
    large = html.Picture("image/png", bytes(900_000))
    assert "not shown" in html.picture(html.Picture("image/png", bytes(3_000_000)))
    page = html.entry(
        "dataset", [], attachments=[html.Attached("A photograph", large)] * 4 + [html.Attached("", PNG)]
    )
    assert page.count("<img") == 3
    assert len(page) < 3_000_000


def test_metadata_is_a_tree_with_units() -> None:
    page = html.entry(
        "dataset", [], metadata={"T": {"value": 5.0, "unit": "K", "valueSI": 5.0}, "det": {"pixels": [1, 2]}}
    )
    assert '<bdi class="sc-key">T</bdi>: 5.0 <span class="sc-unit">K</span>' in page
    assert '<bdi class="sc-key">det</bdi> <small>(1)</small></summary>' in page
    assert '<bdi class="sc-key">pixels</bdi>: 1, 2' in page


def test_quantities_may_have_no_unit() -> None:
    assert tree({"T": {"value": 5, "unit": None}}).endswith("</bdi>: 5</li></ul>")


def test_very_much_metadata_is_cut() -> None:
    wide = tree({f"a{index}": {f"b{inner}": 1 for inner in range(99)} for index in range(99)})
    assert wide.count("<li>") < 1_200
    assert "more</li>" in wide
    assert tree({"a": list(range(500))}).count(",") == 100
    assert "… and 400 more" in tree({"a": list(range(500))})
    assert len(tree({"a": "x" * 100_000})) < 10_000


def test_very_deep_metadata_is_cut() -> None:
    deep: dict[str, object] = {}
    deep["a"] = deep
    assert tree(deep).endswith("</bdi>: …</li>" + "</ul></details></li>" * 12 + "</ul>")


def test_sizes() -> None:
    assert [size(number) for number in (0, 1023, 1024, 5 * 2**40, 2**60)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "5.0 TiB",
        "1,048,576.0 TiB",
    ]
    assert [size(odd) for odd in (None, -1, True, "many")] == ["", "-1", "True", "many"]


def test_numbers_with_more_digits_than_python_writes_do_not_raise() -> None:
    assert size(10**5_000) == "(int that cannot be shown)"


@pytest.mark.parametrize(
    "obeyed", ["\0", "\x1b", "\x9b", "\r", "\ud800", "\u200f", "\u202e", "\u2066", "\u2069"]
)
def test_what_browsers_and_terminals_obey_is_replaced(obeyed: str) -> None:
    page = html.entry("sample", [html.Field("name", f"a{obeyed}b", f"c{obeyed}d")])
    assert obeyed not in page
    assert page.count("a\N{REPLACEMENT CHARACTER}b") == 2
    assert 'title="c\N{REPLACEMENT CHARACTER}d"' in page


def test_letters_blanks_and_signs_of_all_languages_stay() -> None:
    text = "10\N{NO-BREAK SPACE}Å\n日本\t\N{ZERO WIDTH JOINER}\N{WOMAN}"
    assert text in html.entry("sample", [html.Field("name", text.replace("\n", "\r\n"))])
