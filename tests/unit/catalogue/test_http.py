"""The HTTP client: retries, time limits, certificates, proxies."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from scitacean import ConfigurationError
from scitacean.catalogue.http import make_http_client

URL = "https://scicat.site.example"


class Flaky:
    """Answers with faults first."""

    def __init__(self, *faults: int | Exception) -> None:
        self.faults = list(faults)
        self.seen = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen += 1
        fault = self.faults.pop(0) if self.faults else 200
        if isinstance(fault, Exception):
            raise fault
        return httpx.Response(fault, headers={"Retry-After": "0"})


@pytest.mark.parametrize("fault", [429, 502, 503, 504, httpx.ConnectError("no"), httpx.ReadTimeout("slow")])
def test_reads_are_repeated(fault: int | Exception) -> None:
    server = Flaky(fault)
    with make_http_client(URL, transport=httpx.MockTransport(server)) as http:
        assert http.get("/").status_code == 200
    assert server.seen == 2


@pytest.mark.parametrize("fault", [503, 500])
def test_creates_are_never_repeated(fault: int) -> None:
    server = Flaky(fault)
    with make_http_client(URL, transport=httpx.MockTransport(server)) as http:
        assert http.post("/").status_code == fault
    assert server.seen == 1


def test_repeating_ends() -> None:
    server = Flaky(*[503] * 10)
    with make_http_client(URL, transport=httpx.MockTransport(server)) as http:
        assert http.get("/").status_code == 503
    assert server.seen == 3


@pytest.mark.parametrize(("timeout", "seconds"), [(None, 60), (5, 5), (timedelta(minutes=2), 120)])
def test_time_limits(timeout: timedelta | float | None, seconds: float) -> None:
    with make_http_client(URL, timeout=timeout) as http:
        assert http.timeout.read == seconds
        assert http.timeout.connect == min(10, seconds)


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
