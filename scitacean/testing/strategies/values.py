"""Strategies for single values: text, groups, times, addresses, identifiers, paths."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from scitacean.model.pid import PID
from scitacean.model.remote_path import RemotePath
from scitacean.testing.strategies import wrong

_ODD_TEXTS = [
    " ",
    "two  blanks ",
    'it\'s "quoted" & <b>',
    "line\nbreak",
    "µm, Ångström, 中子, 🧪",
    "e\u0301 is not \u00e9",
    "\u202eright to left",
    "null",
    "../x",
    "100 %",
    "a;b, c",
    r"back\slash",
]
_TEXTS = st.text(max_size=12) | st.sampled_from(_ODD_TEXTS)
_NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Z"]), min_size=1, max_size=12)
_ZONES = st.sampled_from([UTC, *(timezone(timedelta(minutes=n)) for n in (60, 120, -480, 345, -210, 840))])
_TIMES = st.builds(
    lambda seconds, milliseconds, zone: datetime.fromtimestamp(seconds, zone) + milliseconds,
    st.integers(0, 4_000_000_000),
    st.integers(0, 999).map(lambda number: timedelta(milliseconds=number)),
    _ZONES,
)
_LABELS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=8)
_EMAILS = st.builds(
    "{}@{}.{}".format,
    _LABELS | st.sampled_from(["Ada.Example", "o'neil", "a+b", "x_y-z", "jürgen"]),
    _LABELS | st.sampled_from(["mail.site", "big-site", "münchen"]),
    st.sampled_from(["eu", "org", "example", "ac.uk"]),
)
_SEGMENT_CHARACTERS = st.characters(codec="utf-8", exclude_characters="/\0")
_SEGMENTS = st.text(_SEGMENT_CHARACTERS, min_size=1, max_size=8) | st.sampled_from(
    [
        "run 7",
        "scan-0042.nxs",
        ".hidden",
        "...",
        "~",
        "a\\b",
        "C:",
        "con",
        "ö",
        "o\u0308",
        "%2F",
        "a.tar.gz",
        "-rf",
    ]
)
_PATHS = st.lists(_SEGMENTS.filter(lambda name: name not in (".", "..")), min_size=1, max_size=4).map(
    "/".join
)


def texts(*, min_size: int = 0, invalid: bool = False) -> SearchStrategy[str]:
    """Texts: any unicode, blanks, quotes, line breaks.

    Parameters
    ----------
    min_size:
        How many characters there are at least.
    invalid:
        Whether to draw what cannot be sent as text.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(texts(min_size=1))
    ... def test_it_can_be_encoded(text):
    ...     assert text.encode()
    >>> test_it_can_be_encoded()
    """
    if invalid:
        return wrong.BROKEN_TEXTS
    return _TEXTS.filter(lambda text: len(text) >= min_size) if min_size else _TEXTS


def groups() -> SearchStrategy[str]:
    """Names of groups.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(groups())
    ... def test_a_group_has_a_name(group):
    ...     assert group.strip() == group != ""
    >>> test_a_group_has_a_name()
    """
    return _NAMES


def times(*, invalid: bool = False) -> SearchStrategy[datetime]:
    """Times from 1970 to 2096, with time zones, and with milliseconds, for catalogues keep no more.

    Parameters
    ----------
    invalid:
        Whether to draw times without a time zone.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(times())
    ... def test_a_time_has_a_zone(time):
    ...     assert time.utcoffset() is not None
    >>> test_a_time_has_a_zone()
    """
    return wrong.NAIVE_TIMES if invalid else _TIMES


def emails(*, invalid: bool = False) -> SearchStrategy[str]:
    """E-mail addresses.

    Parameters
    ----------
    invalid:
        Whether to draw what is no address.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(emails())
    ... def test_an_address_has_a_domain(address):
    ...     assert address.partition("@")[2]
    >>> test_an_address_has_a_domain()
    """
    return wrong.ADDRESSES if invalid else _EMAILS


def orcids(*, invalid: bool = False) -> SearchStrategy[str]:
    """ORCID iDs, some as addresses of web pages.

    Parameters
    ----------
    invalid:
        Whether to draw iDs with a wrong check character.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(orcids())
    ... def test_an_orcid_has_four_groups(orcid):
    ...     assert len(orcid.rpartition("/")[2].split("-")) == 4
    >>> test_an_orcid_has_four_groups()
    """
    return st.builds(
        _orcid,
        st.integers(0, 10**15 - 1),
        st.sampled_from(["", "https://orcid.org/"]),
        st.integers(1, 10) if invalid else st.just(0),
    )


def pids(*, prefix: str | SearchStrategy[str] | None = None) -> SearchStrategy[PID]:
    """PIDs, which may have blanks, unicode and, after a prefix, slashes.

    Parameters
    ----------
    prefix:
        The prefix of all; by default some have one.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(pids(prefix="20.500.12345"))
    ... def test_a_pid_is_read_as_it_is_written(pid):
    ...     assert type(pid).parse(str(pid)).prefix == "20.500.12345"
    >>> test_a_pid_is_read_as_it_is_written()
    """
    if prefix is None:
        return _PIDS
    prefixes = st.just(prefix) if isinstance(prefix, str) else prefix
    return st.builds(PID, prefix=prefixes, pid=_PATHS.filter(str.strip))


def remote_paths(*, absolute: bool = False, invalid: bool = False) -> SearchStrategy[RemotePath]:
    """Paths that files can have in a dataset: relative, without ``..``, with blanks and unicode.

    Parameters
    ----------
    absolute:
        Whether to draw absolute paths, those of source folders, instead.
    invalid:
        Whether to draw paths that a file must not have: such as lead out of the dataset, or name nothing.

    Examples
    --------
    >>> from hypothesis import given
    >>> @given(remote_paths(absolute=True), remote_paths())
    ... def test_files_lie_in_the_source_folder(folder, path):
    ...     assert (folder / path).is_relative_to(folder)
    >>> test_files_lie_in_the_source_folder()
    """
    if invalid:
        return wrong.UNSAFE_PATHS.map(RemotePath)
    return _PATHS.map(lambda path: RemotePath(f"/{path}" if absolute else path))


_WORDS = _SEGMENTS.filter(str.strip)
_PIDS = st.builds(PID, pid=_WORDS) | st.builds(PID, prefix=_WORDS, pid=_PATHS.filter(str.strip))


def _orcid(number: int, before: str, shift: int) -> str:
    digits = f"{number:015}"
    # ISO 7064: with its weight, a power of two, each character adds up to one more than a multiple of 11.
    weighed = sum(int(digit) * 2 ** (15 - index) for index, digit in enumerate(digits))
    characters = digits + "0123456789X"[(1 - weighed + shift) % 11]
    return before + "-".join(characters[index : index + 4] for index in range(0, 16, 4))
