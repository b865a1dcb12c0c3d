"""The one HTTP client that a catalogue client keeps alive."""

from __future__ import annotations

import ssl
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import TypedDict, Unpack

import httpx
from httpx_retries import Retry, RetryTransport

from scitacean._version import __version__
from scitacean.catalogue.url import is_loopback
from scitacean.errors import ConfigurationError

DEFAULT_TIMEOUT = timedelta(seconds=60)
"""Servers need several seconds for a block of 20,000 files."""

_CONNECT_TIMEOUT_SECONDS = 10.0
_SAFE_TO_REPEAT = ("GET", "HEAD", "OPTIONS")
_PASSING_FAULTS = (429, 502, 503, 504)
_TOTAL_ATTEMPTS = 3

Verify = bool | str | Path | ssl.SSLContext
Cert = str | tuple[str, str] | tuple[str, str, str]


class ConnectionOptions(TypedDict, total=False):
    """What sites may need to reach their server.

    Attributes
    ----------
    timeout:
        How long to wait for an answer, in seconds if it is a number; one minute by default.
    verify:
        False for no check of certificates, a file or folder with a company's certificates, or an SSL
        context.
    cert:
        Client certificate: file, or file and key file, or both and the key's password.
    proxy:
        URL of a proxy; by default what the environment says (``HTTPS_PROXY``, ``NO_PROXY``).
    transport:
        Used instead of the network.
    """

    timeout: timedelta | float | None
    verify: Verify
    cert: Cert | None
    proxy: str | None
    transport: httpx.BaseTransport | None


def make_http_client(
    url: str, *, auth: httpx.Auth | None = None, **options: Unpack[ConnectionOptions]
) -> httpx.Client:
    """Make an HTTP client for one server that repeats reads when a fault is likely to pass.

    Parameters
    ----------
    url:
        Root of the server.
    auth:
        Signs the requests.
    **options:
        See :class:`ConnectionOptions`.

    Raises
    ------
    ConfigurationError
        If certificates cannot be read or the proxy is no URL.
    """
    retry = Retry(
        total=_TOTAL_ATTEMPTS - 1,
        backoff_factor=0.2,
        allowed_methods=_SAFE_TO_REPEAT,
        status_forcelist=_PASSING_FAULTS,
        max_backoff_wait=10.0,
    )
    transport = options.get("transport") or _network(
        url,
        verify=options.get("verify", True),
        cert=options.get("cert"),
        proxy=options.get("proxy"),
    )
    seconds = _seconds(options.get("timeout"))
    return httpx.Client(
        base_url=url,
        auth=auth,
        timeout=httpx.Timeout(seconds, connect=min(seconds, _CONNECT_TIMEOUT_SECONDS)),
        transport=RetryTransport(transport=transport, retry=retry),
        headers={"User-Agent": f"scitacean/{__version__}"},
    )


def _seconds(timeout: timedelta | float | None) -> float:
    if timeout is None:
        timeout = DEFAULT_TIMEOUT
    return timeout.total_seconds() if isinstance(timeout, timedelta) else float(timeout)


def _network(url: str, *, verify: Verify, cert: Cert | None, proxy: str | None) -> httpx.HTTPTransport:
    try:
        return httpx.HTTPTransport(
            verify=_ssl_context(verify, cert), proxy=proxy or _proxy_of_environment(url)
        )
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The certificates cannot be read: {error}.",
            hint="Give verify the file with your facility's certificates (PEM), cert those of yourself.",
        ) from None
    except (ValueError, httpx.InvalidURL) as error:
        raise ConfigurationError(
            f"The proxy cannot be used: {error}.", hint="It looks like http://proxy.site.example:3128."
        ) from None


def _ssl_context(verify: Verify, cert: Cert | None) -> ssl.SSLContext | bool:
    if isinstance(verify, bool):
        if cert is None:
            return verify
        context = httpx.create_ssl_context(verify=verify)
    elif isinstance(verify, ssl.SSLContext):
        context = verify
    elif Path(verify).is_dir():
        context = ssl.create_default_context(capath=verify)
    else:
        context = ssl.create_default_context(cafile=verify)
    if cert is not None:
        context.load_cert_chain(*((cert,) if isinstance(cert, str) else cert))
    return context


def _proxy_of_environment(url: str) -> str | None:
    # httpx asks the environment only where it makes the transport itself.
    parsed = httpx.URL(url)
    # A password for this machine must not leave it.
    if is_loopback(parsed.host) or urllib.request.proxy_bypass(parsed.host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parsed.scheme) or proxies.get("all")
