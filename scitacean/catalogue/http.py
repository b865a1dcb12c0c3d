"""The one HTTP client that a catalogue client keeps alive."""

from __future__ import annotations

import math
import ssl
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import TypedDict, Unpack

import httpx

from scitacean._version import __version__
from scitacean.catalogue.repeat import RepeatingTransport
from scitacean.catalogue.url import is_loopback
from scitacean.credentials import SecretStr, StrStorage, text_of
from scitacean.errors import ConfigurationError

DEFAULT_TIMEOUT = timedelta(seconds=60)
"""Servers need several seconds for a block of 20,000 files."""

DEFAULT_RETRY_FOR = timedelta(seconds=60)

_CONNECT_TIMEOUT_SECONDS = 10.0
# Servers close a connection that was idle for five seconds; what is sent at that moment gets lost.
_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=4.0)

Verify = bool | str | Path | ssl.SSLContext
Cert = str | tuple[str, str] | tuple[str, str, str | StrStorage]


class Timeouts(TypedDict, total=False):
    """How long each phase of a request may take, in seconds where it is a number.

    Attributes
    ----------
    connect:
        Reaching the server; 10 seconds by default.
    read:
        From one part of the answer to the next.
    write:
        From one part of what is sent to the next.
    pool:
        Waiting for other requests of the same client to end.
    """

    connect: timedelta | float
    read: timedelta | float
    write: timedelta | float
    pool: timedelta | float


class ConnectionOptions(TypedDict, total=False):
    """What sites may need to reach their server.

    Attributes
    ----------
    timeout:
        How long to wait for an answer, in seconds if it is a number; one minute by default. Or that of each
        phase, see :class:`Timeouts`. Nothing waits for ever.
    retry_for:
        How long requests are repeated where a fault is likely to pass, in seconds if it is a number: one
        minute by default, 0 for never. A server that asks to wait for longer is taken at its word: that is an
        error at once.
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

    timeout: timedelta | float | Timeouts | None
    retry_for: timedelta | float
    verify: Verify
    cert: Cert | None
    proxy: str | StrStorage | None
    transport: httpx.BaseTransport | None


def hidden_options(options: ConnectionOptions) -> ConnectionOptions:
    """Put passwords in options into storages, which tracebacks do not show that show variables.

    Parameters
    ----------
    options:
        As a user gives them.
    """
    hidden = options.copy()
    proxy, cert = options.get("proxy"), options.get("cert")
    if isinstance(proxy, str) and "@" in proxy:
        hidden["proxy"] = SecretStr(proxy)
    match cert:
        case (file, key_file, str(password)):
            hidden["cert"] = (file, key_file, SecretStr(password))
    return hidden


def make_http_client(
    url: str, *, auth: httpx.Auth | None = None, **options: Unpack[ConnectionOptions]
) -> httpx.Client:
    """Make an HTTP client for one server that repeats requests when a fault is likely to pass.

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
        If certificates cannot be read, the proxy is no URL, or a time limit is none.
    """
    timeout = _timeout(options.get("timeout"))
    retry_for = _seconds("retry_for", options.get("retry_for", DEFAULT_RETRY_FOR), zero=True)
    transport = options.get("transport") or _network(
        url,
        verify=options.get("verify", True),
        cert=options.get("cert"),
        proxy=options.get("proxy"),
    )
    return httpx.Client(
        base_url=url,
        auth=auth,
        timeout=timeout,
        transport=RepeatingTransport(transport, retry_for=retry_for),
        headers={"User-Agent": f"scitacean/{__version__}"},
    )


def _timeout(given: timedelta | float | Timeouts | None) -> httpx.Timeout:
    if isinstance(given, dict):
        if unknown := sorted(set(given) - set(Timeouts.__annotations__)):
            raise ConfigurationError(
                f"There is no timeout for {unknown[0]!r}.",
                hint=f"The phases are {', '.join(Timeouts.__annotations__)}.",
            )
        default = DEFAULT_TIMEOUT.total_seconds()
        phases = {phase: _seconds(f"timeout[{phase!r}]", limit) for phase, limit in given.items()}
        return httpx.Timeout(default, **({"connect": _CONNECT_TIMEOUT_SECONDS} | phases))
    seconds = _seconds("timeout", DEFAULT_TIMEOUT if given is None else given)
    return httpx.Timeout(seconds, connect=min(seconds, _CONNECT_TIMEOUT_SECONDS))


def _seconds(name: str, limit: object, *, zero: bool = False) -> float:
    seconds = limit.total_seconds() if isinstance(limit, timedelta) else limit
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not math.isfinite(seconds):
        raise ConfigurationError(
            f"{name} is {limit!r}: nothing may wait for ever.", hint="Give seconds, or a timedelta."
        )
    if seconds < 0 or (seconds == 0 and not zero):
        raise ConfigurationError(f"{name} is {limit!r}.", hint="Give seconds above zero, or a timedelta.")
    return float(seconds)


def _network(
    url: str, *, verify: Verify, cert: Cert | None, proxy: str | StrStorage | None
) -> httpx.HTTPTransport:
    try:
        return httpx.HTTPTransport(
            verify=_ssl_context(verify, cert),
            proxy=_text(proxy) or _proxy_of_environment(url),
            limits=_LIMITS,
        )
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The certificates cannot be read: {error}.",
            hint="Give verify the file with your facility's certificates (PEM), cert those of yourself.",
        ) from None
    except (ValueError, httpx.InvalidURL):
        # Their texts may show a password of the URL.
        raise ConfigurationError(
            "The URL of the proxy cannot be used.", hint="It looks like http://proxy.site.example:3128."
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
        context.load_cert_chain(*((cert,) if isinstance(cert, str) else map(_text, cert)))
    return context


def _text(value: str | StrStorage | None) -> str | None:
    return text_of(value) if isinstance(value, StrStorage) else value


def _proxy_of_environment(url: str) -> str | None:
    # httpx asks the environment only where it makes the transport itself.
    parsed = httpx.URL(url)
    # A password for this machine must not leave it.
    if is_loopback(parsed.host) or urllib.request.proxy_bypass(parsed.host):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parsed.scheme) or proxies.get("all")
