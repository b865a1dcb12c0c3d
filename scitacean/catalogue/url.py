"""The URL of a catalogue, in the forms that users have it, and what may be sent there."""

from __future__ import annotations

import ipaddress
import re

import httpx

from scitacean.errors import ConfigurationError

_API_SUFFIX = re.compile(r"(/api(/v\d+)?)?/*$")


def server_url(url: str, *, allow_http: bool) -> str:
    """Return the root of a server, without ``/api``, ``/api/v3`` or ``/api/v4``.

    Parameters
    ----------
    url:
        As a user writes it.
    allow_http:
        Whether secrets may go over plain http to other machines than this one.

    Raises
    ------
    ConfigurationError
        If the text is no URL, has a user name or password in it, or is plain http.

    Examples
    --------
    >>> server_url("https://scicat.site.example/api/v3/", allow_http=False)
    'https://scicat.site.example'
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise ConfigurationError(f"This is no URL of a catalogue: {error}.", hint=_FORM) from None
    if parsed.userinfo:
        raise ConfigurationError(
            "The URL of the catalogue has a user name or password in it, where others can read it.",
            hint="Use Client.from_credentials(url=..., username=..., password=...).",
        )
    if parsed.query or parsed.fragment:
        # It is not shown: people put tokens there.
        raise ConfigurationError("The URL of the catalogue has more than a path.", hint=_FORM)
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ConfigurationError(f"{url!r} is no URL of a catalogue.", hint=_FORM)
    if parsed.scheme == "http" and not allow_http and not is_loopback(parsed.host):
        raise ConfigurationError(
            f"{url!r} is plain http: passwords and tokens could be read on the way. Nothing was sent.",
            hint="Use https, or allow_http=True (--allow-http) if you know that the network is safe.",
        )
    return _API_SUFFIX.sub("", str(parsed))


_FORM = "It looks like https://scicat.site.example or https://scicat.site.example/api/v4."


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, so that nothing leaves it.

    Examples
    --------
    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("localhost.site.example")
    (True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
