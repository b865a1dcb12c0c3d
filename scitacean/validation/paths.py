"""Rules for paths that come from a catalogue: none may leave the folder it is meant for."""

from __future__ import annotations

import re

from scitacean.validation.values import is_unicode

_WINDOWS_RESERVED = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\..*)?", re.IGNORECASE
)
_WINDOWS_FORBIDDEN = re.compile(r'[\\:*?"<>|\x00-\x1f]')


def unsafe_path_reason(path: str, *, windows: bool) -> str:
    """Say why a path of a catalogue must not be used below a local folder; empty where it may.

    Parameters
    ----------
    path:
        The path as the catalogue has it; servers keep any text, ``../x`` and absolute ones too.
    windows:
        Whether the local system is Windows.

    Examples
    --------
    >>> unsafe_path_reason("run/../../x", windows=False)
    'it has .. in it'
    >>> unsafe_path_reason("run/a.nxs", windows=True)
    ''
    """
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if not is_unicode(path):
        return "it is no valid unicode"
    if path.startswith("/"):
        return "it is absolute"
    if not parts:
        return "it names no file"
    if ".." in parts:
        return "it has .. in it"
    if "\0" in path:
        return "it has a NUL character in it"
    return _windows_reason(parts) if windows else ""


def _windows_reason(parts: list[str]) -> str:
    for part in parts:
        if _WINDOWS_FORBIDDEN.search(part):
            return f"{part!r} has a character that Windows does not allow in names"
        if part.endswith((".", " ")):
            return f"{part!r} ends with a dot or blank, which Windows drops"
        if _WINDOWS_RESERVED.fullmatch(part):
            return f"{part!r} is a device on Windows"
    return ""
