"""From the path of a request to a path of the interface document and its parameters.

A PID has slashes, and clients send them as ``%2F``.  Where the transport tells the path as it was
sent (``RAW_URI`` or ``REQUEST_URI``), it is split at its slashes before anything is decoded, and so
every PID arrives whole.  WSGI itself only has the decoded ``PATH_INFO``, in which the slashes of a
PID look like all others.  There a parameter takes as much as it can, and the fixed parts of the
interface win: ``/api/v3/datasets/a/b/attachments`` is about the attachments of ``a/b``.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote, unquote

from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, Map, Rule

# What nobody needs to encode: nearly all parts are such.
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")
_PARAMETER = re.compile(r"{(\w+)}")


class _Encoded(BaseConverter):
    def to_python(self, value: str) -> str:
        return unquote(value)


class _Greedy(BaseConverter):
    regex = ".+"
    part_isolating = False


class Paths:
    """The paths of the interface.

    Parameters
    ----------
    templates:
        As the document writes them, ``/api/v3/datasets/{pid}/attachments`` for example.
    """

    def __init__(self, templates: Iterable[str]) -> None:
        templates = tuple(templates)
        self._encoded = _matcher(templates, _Encoded, _path_of)
        self._decoded = _matcher(templates, _Greedy, str)

    def match(self, environ: dict[str, Any]) -> tuple[str, dict[str, str]] | None:
        """Find the template of a request's path and the decoded values of its parameters."""
        raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
        if raw:
            return self._encoded(raw.partition("?")[0])
        return self._decoded(decoded_path(environ))


def decoded_path(environ: dict[str, Any]) -> str:
    """Give the path of a request for people to read."""
    path = str(environ.get("PATH_INFO", ""))
    try:
        # WSGI wants bytes as Latin-1; some callers put the text there as it is.
        return path.encode("latin-1").decode()
    except UnicodeError:
        return path


def _matcher(
    templates: tuple[str, ...], converter: type[BaseConverter], path_of: Callable[[str], str]
) -> Callable[[str], tuple[str, dict[str, str]] | None]:
    rules = [Rule(_PARAMETER.sub(r"<parameter:\1>", template), endpoint=template) for template in templates]
    routes = Map(rules, converters={"parameter": converter}, merge_slashes=False, strict_slashes=False)
    adapter = routes.bind("localhost")

    # Clients come back to the same few addresses.
    @functools.lru_cache(maxsize=1024)
    def match(address: str) -> tuple[str, dict[str, str]] | None:
        try:
            endpoint, values = adapter.match(path_of(address))
        except NotFound:
            return None
        return endpoint, {name: str(value) for name, value in values.items()}

    return match


def _path_of(path: str) -> str:
    if not path.startswith("/"):
        # The absolute form: http://host/path
        path = "/" + path.partition("://")[2].partition("/")[2]
    # Fixed parts may be encoded as well; parameters stay encoded until they are matched.
    return "/".join(
        part if _UNRESERVED.fullmatch(part) else quote(unquote(part), safe="") for part in path.split("/")
    )
