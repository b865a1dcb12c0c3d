"""Small pictures."""

from __future__ import annotations

import base64
import io
import struct
import sys
import zlib
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image, ImageSequence

from scitacean.errors import ValidationError
from scitacean.model.thumbnail import MAX_BYTES, MAX_SIDE, Thumbnail

FORMATS = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "TIFF": "image/tiff",
}
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><circle r='4'/></svg>"


def encoded(image: Image.Image, format_: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format_, **options)
    return buffer.getvalue()


def noise(side: int = 40) -> Image.Image:
    return Image.effect_noise((side, side), 80).convert("RGB")


def opened(thumbnail: Thumbnail) -> Image.Image:
    image = Image.open(io.BytesIO(thumbnail.data))
    image.load()
    return image


PICTURES = {name: encoded(noise(), name) for name in FORMATS}


@pytest.mark.parametrize("name", sorted(set(FORMATS) - {"TIFF"}))
def test_what_is_small_enough_stays_as_it_is(name: str, tmp_path: Path) -> None:
    (tmp_path / "picture.dat").write_bytes(PICTURES[name])
    expected = Thumbnail(FORMATS[name], PICTURES[name])
    assert Thumbnail.from_bytes(PICTURES[name]) == expected
    assert Thumbnail.load_file(tmp_path / "picture.dat") == expected
    assert Thumbnail.load_file(str(tmp_path / "picture.dat")) == expected


def test_what_browsers_do_not_show_becomes_png() -> None:
    thumbnail = Thumbnail.from_bytes(PICTURES["TIFF"])
    assert thumbnail.mime == "image/png"
    assert opened(thumbnail).tobytes() == noise_as_opened("TIFF")
    assert "<img" in thumbnail._repr_html_()


def noise_as_opened(name: str) -> bytes:
    return Image.open(io.BytesIO(PICTURES[name])).tobytes()


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_too_large_is_scaled_down(name: str) -> None:
    by_side = Thumbnail.from_bytes(PICTURES[name], max_side=20)
    assert opened(by_side).size == (20, 20)
    by_bytes = Thumbnail.from_bytes(PICTURES[name], max_bytes=1_000)
    assert len(by_bytes.data) <= 1_000
    assert by_bytes.mime in ("image/png", "image/jpeg")


def test_the_defaults_fit_what_catalogues_take() -> None:
    large = Thumbnail.from_bytes(encoded(noise(1_500), "BMP"))
    assert max(opened(large).size) <= MAX_SIDE
    assert len(large.data) <= MAX_BYTES


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV"])
def test_pictures_of_all_kinds_of_colours_are_taken(mode: str) -> None:
    source = noise().convert("L").convert(mode) if mode in ("LA", "PA") else noise().convert(mode)
    thumbnail = Thumbnail.from_image(source, max_side=10)
    assert opened(thumbnail).size == (10, 10)


@pytest.mark.parametrize("factor", [1, 4, 200])
@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_pictures_of_many_bits_are_spread_over_8(mode: str, factor: int) -> None:
    # Counts of a detector: 100 to 355 of 65535 would be black.
    gradient = Image.linear_gradient("L").convert("I").point(lambda value: value * factor + 100)
    shown = opened(Thumbnail.from_image(gradient.convert(mode)))
    assert shown.mode == "L"
    assert shown.getextrema() == (0, 255)


@pytest.mark.parametrize("value", [7.0, float("nan"), float("inf")])
def test_pictures_without_a_range_are_taken(value: float) -> None:
    assert opened(Thumbnail.from_image(Image.new("F", (4, 4), value))).size == (4, 4)


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("place", [(0, 0), (3, 100)])
def test_pixels_without_a_value_do_not_hide_the_others(odd: float, place: tuple[int, int]) -> None:
    image = Image.linear_gradient("L").convert("F").point(lambda value: value * 0.001 + 7)
    expected = opened(Thumbnail.from_image(image))
    image.putpixel(place, odd)
    shown = opened(Thumbnail.from_image(image))
    assert shown.getextrema() == (0, 255)
    assert shown.getpixel(place) == (255 if odd > 0 else 0)
    shown.putpixel(place, expected.getpixel(place) or 0)
    assert shown.tobytes() == expected.tobytes()


def test_a_16_bit_tiff_is_scaled_down() -> None:
    data = encoded(Image.linear_gradient("L").convert("I;16"), "TIFF")
    assert opened(Thumbnail.from_bytes(data, max_side=50)).size == (50, 50)


@pytest.mark.parametrize(
    ("mode", "format_", "options"),
    [
        ("RGBA", "PNG", {}),
        ("P", "GIF", {"transparency": 0}),
        ("P", "PNG", {"transparency": b"\0" * 256}),
        ("RGB", "PNG", {"transparency": (0, 0, 0)}),
    ],
)
def test_what_is_transparent_stays_so(mode: str, format_: str, options: dict[str, object]) -> None:
    data = encoded(Image.new(mode, (40, 40)), format_, **options)
    scaled = opened(Thumbnail.from_bytes(data, max_side=10))
    assert scaled.mode == "RGBA"
    assert scaled.getpixel((5, 5)) == (0, 0, 0, 0)


def test_what_is_transparent_stays_so_where_the_file_is_too_large() -> None:
    picture = noise().convert("RGBA")
    picture.putalpha(Image.effect_noise((40, 40), 80))
    scaled = Thumbnail.from_image(picture, max_bytes=1_500)
    assert opened(scaled).mode == "RGBA"
    assert len(scaled.data) <= 1_500


def test_odd_metadata_does_not_matter() -> None:
    # Pillow warns of it.
    data = encoded(noise(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12")
    with pytest.warns(UserWarning, match="Corrupt EXIF"):
        Image.open(io.BytesIO(data)).getexif()
    assert opened(Thumbnail.from_bytes(data, max_side=20)).size == (20, 20)


def test_pictures_are_turned_as_they_say() -> None:
    picture = Image.new("RGB", (80, 40), "white")
    picture.paste("red", (0, 0, 40, 40))
    turned = Image.Exif()
    turned[0x0112] = 6
    data = encoded(picture, "JPEG", exif=turned)
    assert Thumbnail.from_bytes(data).data == data
    scaled = opened(Thumbnail.from_bytes(data, max_side=40))
    assert scaled.size == (20, 40)
    colours = [scaled.convert("RGB").getpixel((10, y)) for y in (2, 37)]
    assert colours == [pytest.approx((254, 0, 0), abs=3), pytest.approx((255, 255, 255), abs=3)]


def test_animations_stay_where_they_are_small_enough() -> None:
    frames = [Image.new("RGB", (30, 30), colour) for colour in ("red", "green", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert len(list(ImageSequence.Iterator(opened(Thumbnail.from_bytes(data))))) == 3
    assert opened(Thumbnail.from_bytes(data, max_side=10)).size == (10, 10)


@pytest.mark.parametrize(
    "data",
    [b"", b"a text", b"BM is how some texts begin, long ones", b"<html><svg></svg></html>", b"%PDF-1.7"],
)
def test_what_is_no_picture_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "fake.png").write_bytes(data)
    with pytest.raises(ValidationError, match=r"fake\.png' is no picture.*Use a PNG"):
        Thumbnail.load_file(tmp_path / "fake.png")


@pytest.mark.parametrize("data", ["x", None, 7, Path("a.png"), noise()])
def test_what_is_not_bytes_is_refused(data: object) -> None:
    with pytest.raises(ValidationError, match=r"no picture, but \w+.*load_file"):
        Thumbnail.from_bytes(data)  # type: ignore[arg-type]  # what users do
    with pytest.raises(ValidationError, match=r"The data of a thumbnail is \w+, not bytes.*load_file"):
        Thumbnail("image/png", data)  # type: ignore[arg-type]  # what users do


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_other_kinds_of_bytes_are_taken(kind: type) -> None:
    assert Thumbnail.from_bytes(kind(PICTURES["PNG"])) == Thumbnail("image/png", PICTURES["PNG"])


@pytest.mark.parametrize("figure", [None, "x", Figure().add_subplot()])
def test_what_is_no_figure_is_refused(figure: object) -> None:
    with pytest.raises(ValidationError, match=r"no figure of matplotlib, but .*axes\.figure"):
        Thumbnail.from_figure(figure)  # type: ignore[arg-type]  # what users do


@pytest.mark.parametrize("image", ["x", None, b"", [[1, 2]]])
def test_what_is_no_image_is_refused(image: object, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match=r"no image of Pillow, but .*fromarray"):
        Thumbnail.from_image(image)  # type: ignore[arg-type]  # what users do
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ValidationError, match="no image of Pillow"):
        Thumbnail.from_image(image)  # type: ignore[arg-type]  # what users do


@pytest.mark.parametrize("size", [(0, 5), (5, 0), (0, 0)])
def test_images_without_pixels_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValidationError, match=rf"is empty: {size[0]} by {size[1]} pixels"):
        Thumbnail.from_image(Image.new("RGB", size))


@pytest.mark.parametrize("name", ["max_side", "max_bytes"])
@pytest.mark.parametrize("limit", [0, -1, 1.5, "10", None, True])
def test_limits_are_positive_integers(name: str, limit: object, tmp_path: Path) -> None:
    options = {name: limit}
    (tmp_path / "a.svg").write_bytes(SVG)
    with pytest.raises(ValidationError, match=f"{name} is {limit!r}"):
        Thumbnail.from_bytes(PICTURES["PNG"], **options)  # type: ignore[arg-type]  # what users do
    with pytest.raises(ValidationError, match=f"{name} is {limit!r}"):
        Thumbnail.load_file(tmp_path / "a.svg", **options)  # type: ignore[arg-type]  # what users do
    with pytest.raises(ValidationError, match=f"{name} is {limit!r}"):
        Thumbnail.from_image(noise(), **options)  # type: ignore[arg-type]  # what users do
    with pytest.raises(ValidationError, match=f"{name} is {limit!r}"):
        Thumbnail.from_figure(Figure(), **options)  # type: ignore[arg-type]  # what users do


def test_files_that_are_not_there_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Thumbnail.load_file(tmp_path / "a.png")


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP", "BMP", "TIFF"])
def test_a_picture_without_its_end_is_refused(name: str) -> None:
    data = encoded(noise(200), name)
    with pytest.raises(ValidationError, match="broken picture"):
        Thumbnail.from_bytes(data[: len(data) // 2])


@given(
    st.sampled_from(sorted(FORMATS)), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=4)), max_size=5)
)
def test_damaged_pictures_are_refused_or_small(name: str, damages: list[tuple[float, bytes]]) -> None:
    data = PICTURES[name]
    for place, damage in damages:
        at = int(place * len(data))
        data = data[:at] + damage + data[at + len(damage) :]
    try:
        thumbnail = Thumbnail.from_bytes(data, max_side=20, max_bytes=10_000)
    except ValidationError:
        return
    assert len(thumbnail.data) <= 10_000
    assert max(opened(thumbnail).size) <= 20


def png_of_size(width: int, height: int) -> bytes:
    """Make a small file that claims to be a large picture."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [10_000, 60_000])
def test_decompression_bombs_are_refused(side: int) -> None:
    with pytest.raises(ValidationError, match="too many pixels: more than 89,478,485"):
        Thumbnail.from_bytes(png_of_size(side, side))


def test_what_cannot_be_made_small_enough_is_refused() -> None:
    with pytest.raises(ValidationError, match="cannot be made as small as 10 bytes"):
        Thumbnail.from_bytes(PICTURES["PNG"], max_bytes=10)


@pytest.mark.parametrize(
    "data",
    [
        SVG,
        b"\xef\xbb\xbf \n" + SVG,
        b"<?xml version='1.0'?>\n<!-- a --><!-- b -->\n" + SVG,
        b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'svg11.dtd' [<!ENTITY a 'b'>]>" + SVG,
        b"<svg:svg xmlns:svg='http://www.w3.org/2000/svg'/>",
    ],
)
def test_drawings_are_told_by_their_content(data: bytes) -> None:
    assert Thumbnail.from_bytes(data).mime == "image/svg+xml"


def test_telling_the_type_takes_little_time_whatever_the_text() -> None:
    with pytest.raises(ValidationError, match="no picture"):
        Thumbnail.from_bytes(b"<!--a-->" * 100_000)


def test_large_drawings_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"too large: 2,000,061 bytes.*a PNG for example"):
        Thumbnail.from_bytes(SVG + b" " * 2_000_000)


def test_without_pillow_small_pictures_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert Thumbnail.from_bytes(PICTURES["PNG"]).mime == "image/png"
    with pytest.raises(ValidationError, match=r"too large.*pip install 'scitacean\[images\]'"):
        Thumbnail.from_bytes(PICTURES["PNG"], max_bytes=1_000)


def test_figures_of_matplotlib() -> None:
    figure = Figure(figsize=(4, 3), dpi=100)
    figure.add_subplot().plot([1, 2, 3])
    thumbnail = Thumbnail.from_figure(figure)
    assert thumbnail.mime == "image/png"
    assert max(opened(Thumbnail.from_figure(figure, max_side=100)).size) == 100


def test_images_of_pillow_are_not_changed() -> None:
    image = noise()
    assert opened(Thumbnail.from_image(image)).tobytes() == image.tobytes()
    Thumbnail.from_image(image, max_side=10)
    assert image.size == (40, 40)


mimes = st.none() | st.sampled_from(["image/png", "image/svg+xml", "IMAGE/JPEG", "application/octet-stream"])


@given(mimes, st.binary())
def test_text_and_back_is_the_identity(mime: str | None, data: bytes) -> None:
    assert Thumbnail.parse(Thumbnail(mime, data).serialize()) == Thumbnail(mime, data)


@given(st.binary(), st.sampled_from(["", ";charset=utf-8", ";name=a b.png"]), st.integers(1, 100))
def test_text_of_servers_may_have_parameters_and_line_breaks(
    data: bytes, parameters: str, width: int
) -> None:
    body = base64.b64encode(data).decode()
    lines = " \r\n".join(body[start : start + width] for start in range(0, len(body), width))
    thumbnail = Thumbnail("image/png", data)
    assert Thumbnail.parse(f" data:image/png{parameters};base64,{lines}\n") == thumbnail
    assert Thumbnail.parse(f"DATA:image/png{parameters};BASE64,{body.rstrip('=')}") == thumbnail
    assert Thumbnail.parse(lines) == Thumbnail(None, data)


@given(st.binary(), st.integers(0, 3))
def test_base64_may_be_that_of_urls_and_percent_encoded(data: bytes, kind: int) -> None:
    body = base64.urlsafe_b64encode(data).decode() if kind % 2 else base64.b64encode(data).decode()
    body = quote(body, safe="") if kind > 1 else body
    assert Thumbnail.parse(f"data:image/png;base64,{body}") == Thumbnail("image/png", data)
    assert Thumbnail.parse(body.replace("%3D", "").rstrip("=")) == Thumbnail(None, data)


def test_drawings_may_come_as_text() -> None:
    assert Thumbnail.parse("data:image/svg+xml;utf8,%3Csvg/>").data == b"<svg/>"


@given(st.binary(), st.sampled_from(["", ";charset=utf-8", ";base64=no", ";base64;name=a"]))
def test_data_that_is_not_said_to_be_base64_is_percent_encoded(data: bytes, parameters: str) -> None:
    text = f"data:image/png{parameters},{quote(data)}"
    assert Thumbnail.parse(text) == Thumbnail("image/png", data)


def test_the_example_of_the_standard() -> None:
    assert Thumbnail.parse("data:,A%20brief%20note") == Thumbnail(None, b"A brief note")
    assert Thumbnail.parse("data:image/png,AAAA") == Thumbnail("image/png", b"AAAA")


@pytest.mark.parametrize(
    "text", ["data:image/png;base64,!", "no base64!", "é", "a,b", "A", "data:a b;base64,AAAA", "data:;base64"]
)
def test_no_base64_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match=r"base64|mime") as caught:
        Thumbnail.parse(text)
    assert len(str(caught.value)) < 200


def test_types_that_are_none_are_refused() -> None:
    with pytest.raises(
        ValidationError, match=r"mime type of a picture is 'badmime'\. It is like 'image/png'\.$"
    ):
        Thumbnail.parse("data:badmime;base64,AAAA")
    with pytest.raises(ValidationError, match="is 7"):
        Thumbnail(7)  # type: ignore[arg-type]  # what users do


@pytest.mark.parametrize("encoded", [None, b"AAAA", 7])
def test_what_is_no_text_is_refused(encoded: object) -> None:
    with pytest.raises(ValidationError, match="is text; this is"):
        Thumbnail.parse(encoded)  # type: ignore[arg-type]  # what users do


def test_parts_of_a_thumbnail() -> None:
    thumbnail = Thumbnail("image/png", b"abc")
    assert (thumbnail.mime_type, thumbnail.mime_subtype) == ("image", "png")
    assert (Thumbnail(None).mime_type, Thumbnail(None).mime_subtype) == (None, None)
    assert thumbnail.encoded_data() == "YWJj"
    assert thumbnail.decoded_data() == b"abc"
    assert Thumbnail.parse(thumbnail) is thumbnail


def test_notebooks_show_thumbnails() -> None:
    page = Thumbnail("image/svg+xml", PICTURES["PNG"])._repr_html_()
    # In the frame of the style sheet, so that it has a background and fits into its column.
    assert page.startswith('<div class="scitacean"><style>')
    assert '<img alt="" src="data:image/png;base64,' in page
    assert page.endswith("</div>")
    assert "not shown" in Thumbnail("image/png", SVG)._repr_html_()
