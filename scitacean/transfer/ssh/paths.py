"""Paths in the catalogue's terms and what they are on the host."""

from __future__ import annotations

from collections.abc import Mapping

from scitacean.errors import FileNotAccessibleError
from scitacean.model.remote_path import RemotePath


class HostPaths:
    """Turns paths of the catalogue into those of the host.

    Parameters
    ----------
    prefixes:
        Folders of the catalogue and what they are called on the host. The longest that a path lies in
        counts; folders match by whole names.

    Examples
    --------
    >>> HostPaths({"/nfs": "/mnt", "/nfs/ess": "/ess"}).on_host(RemotePath("/nfs/ess/run/a.nxs"))
    b'/ess/run/a.nxs'
    """

    def __init__(self, prefixes: Mapping[str, str] | None = None) -> None:
        pairs = [(RemotePath(old), RemotePath(new)) for old, new in (prefixes or {}).items()]
        self._prefixes = sorted(pairs, key=lambda pair: len(pair[0].parts), reverse=True)

    def on_host(self, path: RemotePath) -> bytes:
        """Return the bytes of the path on the host.

        Raises
        ------
        FileNotAccessibleError
            If no file can have this path.
        """
        for old, new in self._prefixes:
            if path.is_relative_to(old):
                path = new / path.relative_to(old)
                break
        try:
            encoded = path.posix.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            encoded = b"\0"
        if b"\0" in encoded:
            raise FileNotAccessibleError(
                f"No file can have the path {path.posix!r}.",
                hint="It has characters that file systems do not take.",
                remote_path=path.posix,
            )
        return encoded


def shown(path: bytes) -> str:
    """Return a path of the host as text for messages."""
    return path.decode("utf-8", "backslashreplace")


def parent(path: bytes) -> bytes:
    """Return the folder of a path of the host.

    Examples
    --------
    >>> parent(b"/data/a"), parent(b"/data"), parent(b"a")
    (b'/data', b'/', b'.')
    """
    head, slash, _ = path.rpartition(b"/")
    return head or slash or b"."


def child(folder: bytes, name: bytes) -> bytes:
    """Return the path of something in a folder of the host, such that :func:`parent` gives the folder.

    Examples
    --------
    >>> child(b"/data", b"a"), child(b"/", b"a")
    (b'/data/a', b'/a')
    """
    return folder + name if folder.endswith(b"/") else folder + b"/" + name


def unmistakable(path: bytes) -> bytes:
    """Return a path of the host as no tool can take it for anything but a path.

    Examples
    --------
    >>> unmistakable(b"-"), unmistakable(b"/data/-")
    (b'./-', b'/data/-')
    """
    return path if path.startswith(b"/") else b"./" + path
