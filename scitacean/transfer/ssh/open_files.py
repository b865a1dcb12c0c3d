"""How many local files a transfer may have open at a time."""

from __future__ import annotations

from importlib.util import find_spec

# Of a process on Windows, which does not tell.
_SAFE = 2_000


def most_open_files() -> int:
    """Return half of what this process may have open; the rest is for all else that it does."""
    if find_spec("resource") is None:
        return _SAFE
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _SAFE if limit == resource.RLIM_INFINITY else limit // 2
