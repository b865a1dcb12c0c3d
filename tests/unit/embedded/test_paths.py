"""PIDs with any characters arrive whole, whatever the transport tells of the path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.embedded import EmbeddedCatalogue, serve
from scitacean.embedded.paths import Paths

TEMPLATES = [
    "/api/v4/datasets",
    "/api/v4/datasets/count",
    "/api/v4/datasets/{pid}",
    "/api/v4/datasets/{pid}/datasetlifecycle",
    "/api/v3/datasets/{pid}/attachments",
    "/api/v3/datasets/{pid}/attachments/{aid}",
]
PATHS = Paths(TEMPLATES)
PIDS = ["a/b/c d/ü%2F", "20.500.12345/abc", "a//b", "a/attachments", "?#&=+", "..", "日本"]


@given(pid=st.text(min_size=1), aid=st.text(min_size=1))
def test_raw_paths_keep_parameters_whole(pid: str, aid: str) -> None:
    pid, aid = (text.encode("utf-8", "replace").decode() for text in (pid, aid))
    raw = f"/api/v3/datasets/{quote(pid, safe='')}/attachments/{quote(aid, safe='')}?x=/y"
    assert PATHS.match({"RAW_URI": raw}) == (TEMPLATES[5], {"pid": pid, "aid": aid})
    absolute = {"REQUEST_URI": f"http://host:1{raw}"}
    assert PATHS.match(absolute) == (TEMPLATES[5], {"pid": pid, "aid": aid})


@pytest.mark.parametrize(
    ("path", "template", "parameters"),
    [
        ("/api/v4/datasets", 0, {}),
        ("/api/v4/datasets/count", 1, {}),
        ("/api/v4/datasets/a/b", 2, {"pid": "a/b"}),
        ("/api/v4/datasets/a/b/c d/ü", 2, {"pid": "a/b/c d/ü"}),
        ("/api/v4/datasets/a//b", 2, {"pid": "a//b"}),
        ("/api/v4/datasets/a/b/datasetlifecycle", 3, {"pid": "a/b"}),
        ("/api/v3/datasets/a/b/attachments", 4, {"pid": "a/b"}),
        ("/api/v3/datasets/a/attachments/b", 5, {"pid": "a", "aid": "b"}),
        ("/api/v3/datasets/a/b/attachments/c", 5, {"pid": "a/b", "aid": "c"}),
    ],
)
def test_decoded_paths(path: str, template: int, parameters: dict[str, str]) -> None:
    assert PATHS.match({"PATH_INFO": path}) == (TEMPLATES[template], parameters)
    as_wsgi = path.encode().decode("latin-1")
    assert PATHS.match({"PATH_INFO": as_wsgi}) == (TEMPLATES[template], parameters)


def test_unknown_paths() -> None:
    for path in ("", "/", "/api", "/api/v4/datasetsx", "/api/v3/datasets/a", "*"):
        assert PATHS.match({"PATH_INFO": path}) is None
        assert PATHS.match({"RAW_URI": path}) is None
    # A slash that is not encoded is no part of a PID on real servers.
    assert PATHS.match({"RAW_URI": "/api/v4/datasets/a/b"}) is None


@pytest.mark.parametrize("pid", PIDS)
def test_over_a_socket_any_pid_does(catalogue: EmbeddedCatalogue, minimal: dict[str, Any], pid: str) -> None:
    token = {"Authorization": f"Bearer {catalogue.token_for('admin')}"}
    with serve(catalogue) as server, httpx.Client(base_url=server.url, headers=token) as http:
        made = http.post("/api/v4/datasets", json={**minimal, "pid": pid})
        assert made.status_code == 201
        # httpx would resolve dots, so they are encoded too.
        encoded = quote(pid, safe="").replace(".", "%2E")
        url = httpx.URL(server.url).copy_with(raw_path=f"/api/v4/datasets/{encoded}".encode())
        assert http.get(url).json()["pid"] == pid
        url = url.copy_with(raw_path=f"/api/v3/datasets/{encoded}/attachments".encode())
        assert http.get(url).json() == []


@pytest.mark.parametrize("pid", ["a/b/c d/ü%2F", "20.500.12345/abc", "a//b", "日本"])
def test_in_process_pids_with_slashes_do(
    as_user: Callable[[str | None], httpx.Client], minimal: dict[str, Any], pid: str
) -> None:
    http = as_user("admin")
    assert http.post("/api/v4/datasets", json={**minimal, "pid": pid}).status_code == 201
    assert http.get(f"/api/v4/datasets/{quote(pid, safe='')}").json()["pid"] == pid
    assert http.get(f"/api/v3/datasets/{quote(pid, safe='')}/attachments").json() == []
