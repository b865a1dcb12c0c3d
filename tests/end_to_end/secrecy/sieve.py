"""Everything in which a secret might show, and a search of it."""

from __future__ import annotations

import base64
import io
import logging
import pickle
import re
import traceback
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
from rich.console import Console
from rich.traceback import Traceback

_WIDTH = 300
_FRAMES = re.compile(r"[\s│]+")


@attrs.define
class Sieve:
    """Searches texts for secrets.

    Attributes
    ----------
    secrets:
        By what they are.
    """

    secrets: dict[str, str] = attrs.field(factory=dict, repr=False)

    def check(self, places: Mapping[str, str | bytes]) -> None:
        """Check that none of these texts has a secret, as it is or encoded as protocols do."""
        found = [
            f"{what} is in {where}"
            for where, text in places.items()
            for what, secret in self.secrets.items()
            if any(form in _bytes(text) for form in _forms(secret))
        ]
        assert not found, "; ".join(found)

    def check_files(self, *folders: Path) -> None:
        """Check all files in folders."""
        self.check(
            {
                f"the file {path.name}": path.read_bytes()
                for folder in folders
                for path in folder.rglob("*")
                if path.is_file()
            }
        )

    def check_processes(self) -> None:
        """Check the command lines of all processes that can be seen."""
        places: dict[str, str | bytes] = {}
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                places[f"the command line {path}"] = path.read_bytes()
            except OSError:
                # It has ended.
                continue
        self.check(places)

    @contextmanager
    def watching_logs(self) -> Iterator[None]:
        """Take in what all loggers say meanwhile, at the level DEBUG, and check it at the end."""
        handler = _Collector()
        root = logging.getLogger()
        known = [logging.getLogger(name) for name in list(logging.Logger.manager.loggerDict)]
        levels = [(logger, logger.level, logger.disabled) for logger in (root, *known)]
        try:
            root.addHandler(handler)
            root.setLevel(logging.DEBUG)
            for logger in known:
                logger.setLevel(logging.NOTSET)
                logger.disabled = False
            yield
        finally:
            root.removeHandler(handler)
            for logger, level, disabled in levels:
                logger.setLevel(level)
                logger.disabled = disabled
        self.check({f"the log entry {entry[:200]!r}": entry for entry in handler.entries})


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.entries: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entries.append(f"{self.format(record)} {record.args!r} {record.name}")


def texts_of(error: BaseException) -> dict[str, str | bytes]:
    """Return all texts that are made of an error: by itself, by Python, by rich and by pickling."""
    plain = traceback.TracebackException.from_exception(error, capture_locals=True, compact=True)
    return {
        **texts_without_locals(error),
        **{
            f"the frame {frame.name} in {frame.filename}:{frame.lineno}": repr(frame.locals)
            for each in _chain(plain)
            for frame in each.stack
        },
        "the plain traceback": "".join(plain.format()),
        "the rich traceback": _rich(error),
    }


def texts_without_locals(error: BaseException) -> dict[str, str | bytes]:
    """Return the same without what variables of functions hold."""
    return {
        "the message": str(error),
        "the repr": repr(error),
        "the attributes": repr(vars(error)),
        "the short traceback": "".join(traceback.format_exception(error)),
        "the pickle": pickle.dumps(error),
    }


def _chain(error: traceback.TracebackException | None) -> Iterator[traceback.TracebackException]:
    """Yield an error and those that are shown as its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _rich(error: BaseException) -> str:
    shown = Traceback.from_exception(
        type(error),
        error,
        error.__traceback__,
        width=_WIDTH,
        code_width=_WIDTH,
        show_locals=True,
        locals_max_length=None,  # type: ignore[arg-type]  # without limit, as its documentation says
        locals_max_string=None,  # type: ignore[arg-type]  # the same
        locals_hide_dunder=False,
        max_frames=0,
    )
    output = io.StringIO()
    Console(file=output, width=_WIDTH).print(shown)
    # Long lines are broken, secrets in them too; none has blanks.
    return _FRAMES.sub("", output.getvalue())


def _forms(secret: str) -> Iterator[bytes]:
    text = secret.encode("utf-8", "surrogatepass")
    yield text
    yield repr(secret)[1:-1].encode()
    yield urllib.parse.quote(text).encode()
    # Of a longer text, what comes before decides where the groups of three begin.
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + text)
        yield encoded[4 * (before > 0) : len(encoded) - 4]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
