"""Bugs of a catalogue, planted between it and its clients, for tests that must find them."""

from __future__ import annotations

import re

import httpx


class Unguarded(httpx.BaseTransport):
    """Ignores who asks for a dataset: access rights do not matter."""

    def __init__(self, behind: httpx.BaseTransport) -> None:
        self.behind = behind
        self.admin: str | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent = request.headers.get("Authorization")
        # The first one to list all datasets is the administrator of the invariant.
        self.admin = self.admin or sent
        if sent and request.method == "GET" and "/datasets/20" in request.url.path:
            request.headers["Authorization"] = self.admin or sent
        return self.behind.handle_request(request)


class Forgetful(httpx.BaseTransport):
    """Leaves the number of files of a dataset as it was."""

    def __init__(self, behind: httpx.BaseTransport) -> None:
        self.behind = behind

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.behind.handle_request(request)
        content = b"".join(answer.stream) if isinstance(answer.stream, httpx.SyncByteStream) else b""
        answer.close()
        content = re.sub(rb'"numberOfFiles":\s*\d+', b'"numberOfFiles":0', content)
        return httpx.Response(answer.status_code, content=content)


class Spreading(httpx.BaseTransport):
    """Lets a change of one dataset change the one that was changed before."""

    def __init__(self, behind: httpx.BaseTransport) -> None:
        self.behind = behind
        self.before: httpx.URL | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH" and "/datasets/" in request.url.path:
            other, self.before = self.before, request.url
            if other is not None:
                again = httpx.Request("PATCH", other, headers=request.headers, content=request.read())
                self.behind.handle_request(again).close()
        return self.behind.handle_request(request)
