"""The HTTP client: retries, time limits, certificates, proxies."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from scitacean import ConfigurationError
from scitacean.catalogue.http import Timeouts, make_http_client

URL = "https://scicat.site.example"


@pytest.mark.parametrize(("timeout", "seconds"), [(None, 60), (5, 5), (timedelta(minutes=2), 120)])
def test_time_limits(timeout: timedelta | float | None, seconds: float) -> None:
    with make_http_client(URL, timeout=timeout) as http:
        assert http.timeout.read == http.timeout.write == http.timeout.pool == seconds
        assert http.timeout.connect == min(10, seconds)


def test_time_limits_of_phases() -> None:
    limits = Timeouts(connect=timedelta(seconds=30), read=5)
    with make_http_client(URL, timeout=limits) as http:
        assert (http.timeout.connect, http.timeout.read, http.timeout.write, http.timeout.pool) == (
            30,
            5,
            60,
            60,
        )


@pytest.mark.parametrize("limit", [float("inf"), float("nan"), 0, -1, timedelta(0), True, "5"])
@pytest.mark.parametrize("phase", [None, "connect", "read", "write", "pool"])
def test_nothing_waits_for_ever(phase: str | None, limit: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"timeout.* is "):
        make_http_client(URL, timeout=limit if phase is None else cast("Timeouts", {phase: limit}))


def test_phases_have_limits() -> None:
    with pytest.raises(ConfigurationError, match="for ever"):
        make_http_client(URL, timeout=cast("Timeouts", {"read": None}))
    with pytest.raises(ConfigurationError, match="no timeout for 'reed'"):
        make_http_client(URL, timeout=cast("Timeouts", {"reed": 5}))


@pytest.mark.parametrize("limit", [float("inf"), -1, None])
def test_requests_are_not_repeated_for_ever(limit: Any) -> None:
    with pytest.raises(ConfigurationError, match="retry_for is "):
        make_http_client(URL, retry_for=limit)


def test_requests_are_repeated_for_a_time() -> None:
    faults = [503]

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(faults.pop() if faults else 200)

    with make_http_client(URL, transport=httpx.MockTransport(answer), retry_for=0) as http:
        assert [http.get("/").status_code for _ in range(2)] == [503, 200]
    faults.append(503)
    with make_http_client(URL, transport=httpx.MockTransport(answer), retry_for=timedelta(seconds=5)) as http:
        assert http.get("/").status_code == 200


@pytest.fixture
def certificates() -> Path:
    return Path(ssl.get_default_verify_paths().openssl_cafile)


def test_certificates_of_a_company(tmp_path: Path) -> None:
    import certifi

    for verify in (certifi.where(), Path(certifi.where()), tmp_path, ssl.create_default_context(), False):
        make_http_client(URL, verify=verify).close()


@pytest.mark.parametrize("verify", ["none.pem", __file__])
def test_certificates_that_cannot_be_read_are_explained(verify: str) -> None:
    with pytest.raises(ConfigurationError, match="certificates cannot be read"):
        make_http_client(URL, verify=verify)


@pytest.mark.parametrize("cert", ["none.pem", ("none.pem", "none.key")])
def test_client_certificates_that_cannot_be_read_are_explained(cert: str | tuple[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="certificates cannot be read"):
        make_http_client(URL, cert=cert)


def test_a_bad_proxy_is_explained() -> None:
    with pytest.raises(ConfigurationError, match="proxy"):
        make_http_client(URL, proxy="ftp://x")


def test_the_environment_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy")
    with pytest.raises(ConfigurationError, match="proxy"):
        make_http_client(URL)
    monkeypatch.setenv("NO_PROXY", "site.example")
    make_http_client(URL).close()


def test_what_is_for_this_machine_does_not_go_to_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "ftp://proxy")
    monkeypatch.delenv("NO_PROXY", raising=False)
    make_http_client("http://localhost:3000").close()
