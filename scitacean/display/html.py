"""What notebooks show: an entry with its fields, files, pictures and scientific metadata as HTML.

It has no scripts, and is made of what JupyterLab lets through of notebooks that are not trusted: the
style sheet gets lost there, and the lists and tables read well without.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import NamedTuple

from scitacean.display.html_values import is_empty, size, text, tree, value

_SHOWN_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
# Jupyter refuses to show outputs of more than about 3 MB, and base64 makes pictures a third larger.
_MAX_PICTURE_BYTES = 2 * 1024 * 1024
_MAX_PICTURES = 50
_FOLDED_FILES = 50
_MAX_FILES = 200
# Jupyter's own style aligns cells to the right.
_LEFT = 'style="text-align:left"'


class Field(NamedTuple):
    """A field of an entry.

    Attributes
    ----------
    name:
        Its name in Python.
    value:
        Any object, a :class:`Picture` too.
    description:
        What it means.
    read_only:
        Whether the server keeps it.

    Examples
    --------
    >>> Field("owner", "Ada").read_only
    False
    """

    name: str
    value: object
    description: str = ""
    read_only: bool = False


class Picture(NamedTuple):
    """The file of a picture.

    Attributes
    ----------
    mime:
        Its type, ``"image/png"`` for example; None where it is not known.
    data:
        Its bytes.

    Examples
    --------
    >>> Picture("image/gif", b"GIF87a").mime
    'image/gif'
    """

    mime: str | None
    data: bytes


class Attached(NamedTuple):
    """A picture with its caption.

    Attributes
    ----------
    caption:
        What it shows.
    picture:
        A :class:`Picture`, or what is there in its place.

    Examples
    --------
    >>> Attached("The rod", None).caption
    'The rod'
    """

    caption: object
    picture: object


class FileRow(NamedTuple):
    """A file; what is not known of it is None.

    Attributes
    ----------
    name:
        Its path.
    size:
        Its size in bytes.
    time:
        When it was made.
    place:
        Where it is: ``"local"``, ``"remote"`` or ``"local and remote"``.

    Examples
    --------
    >>> FileRow("run/7.nxs", 1_500, None, "local").place
    'local'
    """

    name: object
    size: object
    time: object
    place: object


class Files(NamedTuple):
    """The files of a dataset.

    Attributes
    ----------
    rows:
        The files; no more of them are taken than are shown.
    number:
        How many they are.
    size:
        Size of all of them in bytes; None where it is not known.

    Examples
    --------
    >>> Files([FileRow("run/7.nxs", 1_500, None, "local")], number=1, size=1_500).number
    1
    """

    rows: Iterable[FileRow]
    number: int
    size: object


def entry(
    noun: str,
    fields: Sequence[Field],
    *,
    metadata: object = None,
    files: Files | None = None,
    attachments: Sequence[Attached] | None = None,
) -> str:
    """Show an entry of the catalogue.

    Parameters
    ----------
    noun:
        What it is: ``"dataset"``, ``"sample"``, ...
    fields:
        Its fields; its name and its identifier, which are among them, make the title. What has no name is
        called by its remote path.
    metadata:
        Scientific metadata.
    files:
        Files of a dataset.
    attachments:
        Attachments of a dataset.

    Returns
    -------
    :
        HTML that is complete in itself.

    Examples
    --------
    >>> "Vanadium" in entry("sample", [Field("sample_name", "Vanadium"), Field("owner", None)])
    True
    """
    filled = [field for field in fields if not is_empty(field.value)]
    empty = [field for field in fields if is_empty(field.value)]
    parts = [
        _start(),
        _title(noun, filled),
        _table([field for field in filled if not field.read_only]),
        "" if is_empty(metadata) else _section("Scientific metadata", tree(metadata)),
        "" if files is None else _files(files),
        _attachments(attachments or ()),
        _kept([field for field in filled if field.read_only]),
        _empty(empty),
        "</div>",
    ]
    return "".join(parts)


def picture(shown: Picture, *, caption: object = "", max_bytes: int = _MAX_PICTURE_BYTES) -> str:
    """Show a picture; of what is too large or what browsers may not show, its type and size.

    Parameters
    ----------
    shown:
        The picture.
    caption:
        What it shows, for people who cannot see it.
    max_bytes:
        The largest size to show, in bytes.

    Returns
    -------
    :
        HTML to put into other HTML.

    Examples
    --------
    >>> picture(Picture("image/tiff", b"II*"))
    '<span class="sc-faint">picture of type image/tiff, 3 B, not shown</span>'
    """
    if shown.mime not in _SHOWN_PICTURES or len(shown.data) > max_bytes:
        kind = f"picture of type {text(shown.mime)}" if shown.mime else "picture of unknown type"
        return f'<span class="sc-faint">{kind}, {size(len(shown.data))}, not shown</span>'
    source = f"data:{shown.mime};base64,{base64.b64encode(shown.data).decode('ascii')}"
    return f'<img alt="{text(caption)}" src="{source}">'


def only_picture(shown: Picture) -> str:
    """Show a picture that is all there is to show.

    Parameters
    ----------
    shown:
        The picture.

    Returns
    -------
    :
        HTML that is complete in itself.

    Examples
    --------
    >>> 'src="data:image/gif;base64,' in only_picture(Picture("image/gif", b"GIF87a"))
    True
    """
    return f"{_start()}{picture(shown)}</div>"


def _start() -> str:
    return f'<div class="scitacean"><style>{_style()}</style>'


@cache
def _style() -> str:
    # It loads a lot, and most programs show nothing in notebooks.
    from importlib.resources import files as package_files

    return package_files(__package__).joinpath("html.css").read_text("utf-8")


def _title(noun: str, fields: Sequence[Field]) -> str:
    values = {field.name: field.value for field in fields}
    by_noun = noun.replace(" ", "_")
    names = ("name", "title", "caption", f"{by_noun}_name", "remote_path")
    identifiers = ("pid", "doi", f"{by_noun}_id", "aid", "id")
    name = next((values[name] for name in names if name in values), None)
    identifier = next((values[name] for name in identifiers if name in values), None)
    return (
        f'<div class="sc-title"><span class="sc-noun">{text(noun[:1].upper() + noun[1:])}</span>'
        + ("" if name is None else f" <strong><bdi>{text(name)}</bdi></strong>")
        + ("" if identifier is None else f" <code>{text(identifier)}</code>")
        + "</div>"
    )


def _section(title: str, content: str, *, is_open: bool = True) -> str:
    return f"<details{' open' if is_open else ''}><summary>{title}</summary>{content}</details>"


def _table(fields: Sequence[Field]) -> str:
    if not fields:
        return ""
    rows = (
        f'<tr><th scope="row" title="{text(field.description)}" {_LEFT}>{text(field.name)}</th>'
        f"<td {_LEFT}>{_field_value(field.value)}</td></tr>"
        for field in fields
    )
    return f'<table class="sc-table sc-fields"><tbody>{"".join(rows)}</tbody></table>'


def _field_value(shown: object) -> str:
    return picture(shown) if isinstance(shown, Picture) else value(shown)


def _kept(fields: Sequence[Field]) -> str:
    return _section("Kept by the server", _table(fields)) if fields else ""


def _empty(fields: Sequence[Field]) -> str:
    if not fields:
        return ""
    names = (f'<code title="{text(field.description)}">{text(field.name)}</code>' for field in fields)
    content = f'<div class="sc-names sc-faint">{", ".join(names)}</div>'
    return _section(_counted(len(fields), "empty field"), content, is_open=False)


def _files(files: Files) -> str:
    title = _counted(files.number, "file")
    if files.number and not is_empty(files.size):
        title += f" <small>{size(files.size)}</small>"
    rows = list(islice(files.rows, _MAX_FILES))
    if not rows:
        return f'<div class="sc-faint">{title}</div>' if not files.number else ""
    return _section(title, "".join(_file_table(rows, files.number)), is_open=files.number <= _FOLDED_FILES)


def _file_table(rows: Sequence[FileRow], number: int) -> Iterator[str]:
    heads = "".join(f'<th scope="col" {_LEFT}>{head}</th>' for head in ("name", "size", "time", "where"))
    yield f'<table class="sc-table sc-files"><thead><tr>{heads}</tr></thead><tbody>'
    for row in rows:
        cells = (value(row.name), size(row.size), _or_nothing(row.time), _or_nothing(row.place))
        yield "<tr>" + "".join(f"<td {_LEFT}>{cell}</td>" for cell in cells) + "</tr>"
    yield "</tbody></table>"
    if number > len(rows):
        yield f'<div class="sc-faint">… and {_counted(number - len(rows), "more file")}</div>'


def _or_nothing(shown: object) -> str:
    return "" if shown is None else text(shown)


def _attachments(attachments: Sequence[Attached]) -> str:
    if not attachments:
        return ""
    content = f'<div class="sc-pictures">{"".join(_figures(attachments[:_MAX_PICTURES]))}</div>'
    if len(attachments) > _MAX_PICTURES:
        content += f'<div class="sc-faint">… and {len(attachments) - _MAX_PICTURES:,} more</div>'
    return _section(_counted(len(attachments), "attachment"), content)


def _figures(attachments: Iterable[Attached]) -> Iterator[str]:
    left = _MAX_PICTURE_BYTES
    for one in attachments:
        if isinstance(one.picture, Picture):
            content = picture(one.picture, caption=one.caption, max_bytes=left)
            left -= len(one.picture.data) if content.startswith("<img") else 0
        else:
            content = "" if is_empty(one.picture) else value(one.picture)
        caption = "" if is_empty(one.caption) else value(one.caption)
        yield f"<figure>{content}<figcaption>{caption}</figcaption></figure>"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
