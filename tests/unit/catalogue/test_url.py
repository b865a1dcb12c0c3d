"""URLs of catalogues."""

from __future__ import annotations

import pytest

from scitacean import ConfigurationError
from scitacean.catalogue.url import server_url


@pytest.mark.parametrize("suffix", ["", "/", "/api", "/api/", "/api/v3", "/api/v4", "/api/v4/"])
@pytest.mark.parametrize("root", ["https://scicat.site.example", "https://site.example/catalogue"])
def test_suffixes_are_dropped(root: str, suffix: str) -> None:
    assert server_url(root + suffix, allow_http=False) == root


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:3000", "[::1]:3000"])
def test_plain_http_is_fine_on_this_machine(host: str) -> None:
    assert server_url(f"http://{host}/api/v3", allow_http=False) == f"http://{host}"


@pytest.mark.parametrize("host", ["scicat.site.example", "localhost.site.example", "10.0.0.1"])
def test_plain_http_is_refused_elsewhere(host: str) -> None:
    with pytest.raises(ConfigurationError, match="plain http"):
        server_url(f"http://{host}/api/v3", allow_http=False)
    assert server_url(f"http://{host}", allow_http=True) == f"http://{host}"


@pytest.mark.parametrize(
    "url", ["", "scicat", "ftp://a", "https://", "https://a:b:c", "https://a?x=1", "https://a#x"]
)
def test_what_is_no_url_is_explained(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"scicat\.site\.example"):
        server_url(url, allow_http=True)


@pytest.mark.parametrize("url", ["https://ada:hush@site.example", "https://site.example?token=hush"])
def test_secrets_in_urls_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        server_url(url, allow_http=False)
    assert "hush" not in str(caught.value)
