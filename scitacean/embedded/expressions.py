"""Regular expressions of filters, and the time that they may take.

An expression is one of Python's module ``re``, which is near to what MongoDB takes; ``regex`` looks
for it, as that lets other threads work and can be stopped.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import regex
from attrs import define

from .answers import bad_request

_SECONDS = 5.0
"""What all the looking for expressions in one request may take."""

_LONGEST = 100_000
_FLAGS: Mapping[str, int] = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
# What all matches of a regular expression begin with.
_PREFIX = re.compile(r"\^([\w /:-]+)(?![*?{])")
_POSIX_CLASS = re.compile(r"\[:\^?[a-z]+:\]")
_GROUP_OR_COUNT = re.compile(r"\)|\{(\d+)")
# A brace that is no count: regex would take some of them for the errors that a match may have.
_PLAIN_BRACE = re.compile(r"(\\N\{[^}]*\}|\\.)|\{(?!\d+(?:,\d*)?\}|,\d*\})", re.DOTALL)


@functools.lru_cache(maxsize=256)
def compiled(pattern: str, options: str) -> Callable[[str, float], bool]:
    """Make an expression ready; what it gives tells whether a text has a match.

    Parameters
    ----------
    pattern:
        The expression.
    options:
        Letters as in MongoDB: i, m, s, x.

    Returns
    -------
    :
        Takes the text, and the seconds after which it raises :class:`TimeoutError`.

    Raises
    ------
    Refusal
        400, if it is no expression.

    Examples
    --------
    >>> compiled("^run", "i")("Run 7", 1.0)
    True
    """
    if unknown := set(options) - set(_FLAGS):
        raise bad_request(f"$options has the unknown {sorted(unknown)[0]!r}")
    if found := _POSIX_CLASS.search(pattern):
        # Python would take it for a set of characters, and find something else.
        raise bad_request(f"$regex has {found[0]}, which the embedded catalogue does not know")
    try:
        flags = re.compile(pattern, functools.reduce(lambda a, o: a | _FLAGS[o], options, 0)).flags
        if _written_out(pattern) > _LONGEST:
            raise bad_request("$regex repeats more than the catalogue takes")
        search = regex.compile(_PLAIN_BRACE.sub(_escaped, pattern), _shared(flags)).search
    # What Python may read otherwise one day is a warning, which may have been made an error.
    except (re.error, regex.error, RecursionError, OverflowError, FutureWarning) as error:
        raise bad_request(f"$regex is no regular expression: {error}") from None
    return lambda text, seconds: search(text, timeout=seconds) is not None


def beginning(pattern: str) -> tuple[str, str] | None:
    """Give the span of texts that all matches lie in: from the first text to before the second.

    Examples
    --------
    >>> beginning("^run [0-9]"), beginning("^a|b"), beginning("run")
    (('run ', 'run!'), None, None)
    """
    prefix = _PREFIX.match(pattern)
    if prefix is None or "|" in pattern:
        return None
    begin = prefix[1]
    return begin, begin[:-1] + chr(ord(begin[-1]) + 1)


@define
class Expressions:
    """Looks for expressions in texts, until the time of a request is used up."""

    _left: float = _SECONDS

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Let the body of the ``with`` look for expressions as long as one request may.

        Raises
        ------
        Refusal
            400, if that was not long enough.
        """
        self._left = _SECONDS
        try:
            yield
        except Exception:
            if self._left > 0:
                raise
            raise bad_request(
                f"$regex takes longer than the {_SECONDS:g} s that a request may look for it. "
                "Write it without repetitions inside of repetitions, or begin it with ^ and some letters"
            ) from None

    def matches(self, pattern: str, options: str, text: str | None) -> bool:
        """Tell whether a text has a match; the function behind ``$regex`` in SQL."""
        if text is None:
            return False
        begin = time.perf_counter()
        try:
            found = compiled(pattern, options)(text, max(self._left, 0.0))
        except TimeoutError:
            # regex counts the time of the processor for all threads, so it may be up before ours is.
            self._left = 0.0
            raise
        self._left -= time.perf_counter() - begin
        return found


def _written_out(pattern: str) -> int:
    """Estimate, rather too high, how long an expression is with its counted repetitions written out.

    regex writes them out, in more memory than there is for some.  Each count is taken for one of
    all that was closed so far, so that nothing need be known about comments and sets.
    """
    length, group = len(pattern), 1
    for found in _GROUP_OR_COUNT.finditer(pattern):
        if found[1] is None:
            group = length
        else:
            length += group * int(found[1])
    return length


def _escaped(brace: re.Match[str]) -> str:
    return brace[1] or r"\{"


def _shared(flags: int) -> int:
    shared = {re.I: regex.I, re.M: regex.M, re.S: regex.S, re.X: regex.X}
    return functools.reduce(lambda a, one: a | (shared[one] if flags & one else 0), shared, regex.V0)
