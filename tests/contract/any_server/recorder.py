"""Notes what a server makes, whoever asked for it and however: a refusal that did not come too."""

from __future__ import annotations

import re

import httpx

_IDENTIFIERS = {
    "v4/datasets": "pid",
    "v4/origdatablocks": "_id",
    "v4/attachments": "aid",
    "v3/samples": "sampleId",
    "v3/proposals": "proposalId",
    "v3/instruments": "pid",
    "v4/jobs": "id",
    "v4/publisheddata": "doi",
}
_PICTURES = re.compile(r"/api/v3/datasets/(.+)/attachments")


class Recorder(httpx.BaseTransport):
    """The network, with a memory.

    Attributes
    ----------
    made:
        Route and id of each entry, in the order of their making.
    pictured:
        PIDs of datasets that pictures were attached to; servers do not say the ids of these.
    """

    def __init__(self) -> None:
        self._network = httpx.HTTPTransport()
        self.made: list[tuple[str, str]] = []
        self.pictured: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and note what has come of it."""
        response = self._network.handle_request(request)
        if request.method == "POST" and response.is_success:
            response.read()
            self._note(request.url.path, response)
        return response

    def close(self) -> None:
        """Keep the connections, which several clients share; :meth:`end` closes them."""

    def end(self) -> None:
        """Close the connections."""
        self._network.close()

    def _note(self, path: str, response: httpx.Response) -> None:
        route = path.removeprefix("/api/")
        if found := _PICTURES.fullmatch(path):
            self.pictured.append(found[1])
        elif route in _IDENTIFIERS:
            self.made.append((route, str(response.json()[_IDENTIFIERS[route]])))
