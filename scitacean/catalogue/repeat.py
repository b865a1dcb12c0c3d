"""Repeating requests: those that may be, as often as makes sense, for a time that has an end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import httpx
from httpx_retries import Retry

SAFE_TO_REPEAT = "scitacean.safe_to_repeat"
"""The extension of a request that changes nothing more when it arrives twice."""

_READS = ("GET", "HEAD", "OPTIONS")
_PASSING = (429, 502, 503, 504)
_PASSING_FAULTS = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)
_ATTEMPTS_TO_REACH = 3
"""A server that has never answered is likelier to have another address than to be back in a moment."""
_ATTEMPTS_COUNTED = 6
_LONGEST_PAUSE = 10.0
_NOT_ARRIVED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_logger = logging.getLogger("scitacean")


class RepeatingTransport(httpx.BaseTransport):
    """Sends requests through another transport, again where a fault is likely to pass.

    Reads are repeated after every such fault. What changes something is repeated only when it surely has
    not arrived (no connection), or the server surely did nothing (429, and 503 when it says when to
    come back).

    Parameters
    ----------
    transport:
        Sends a request once.
    retry_for:
        Seconds after which no request is sent again.
    sleep, clock:
        For tests.
    """

    def __init__(
        self,
        transport: httpx.BaseTransport,
        *,
        retry_for: float,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transport = transport
        self._retry_for = retry_for
        self._sleep = sleep
        self._clock = clock
        self._has_answered = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request, several times if need be; the answer comes whole."""
        end = self._clock() + self._retry_for
        retry = Retry(backoff_factor=0.2, backoff_jitter=0.5, max_backoff_wait=_LONGEST_PAUSE)
        while True:
            # Beyond that the pauses would grow no more, and have no chance in them.
            retry = retry.increment() if retry.attempts_made < _ATTEMPTS_COUNTED else retry
            try:
                response = self._send(request)
            except httpx.TransportError as error:
                pause = retry.backoff_strategy()
                is_there = self._has_answered or retry.attempts_made < _ATTEMPTS_TO_REACH
                if not (is_there and _may_follow(request, error)) or self._clock() + pause >= end:
                    raise
                _log(request, f"failed ({type(error).__name__})", pause)
            else:
                pause = max(_asked_pause(response, retry), retry.backoff_strategy())
                if not _may_follow_answer(request, response) or self._clock() + pause >= end:
                    return response
                _log(request, f"was answered with {response.status_code}", pause)
            self._sleep(pause)

    def close(self) -> None:
        """Close the other transport."""
        self._transport.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        response = self._transport.handle_request(request)
        try:
            # Connections break in the middle of answers, too.
            response.read()
        finally:
            response.close()
        self._has_answered = True
        return response


def _is_safe(request: httpx.Request) -> bool:
    return request.method in _READS or request.extensions.get(SAFE_TO_REPEAT) is True


def _may_follow(request: httpx.Request, error: httpx.TransportError) -> bool:
    return isinstance(error, _PASSING_FAULTS if _is_safe(request) else _NOT_ARRIVED)


def _may_follow_answer(request: httpx.Request, response: httpx.Response) -> bool:
    if _is_safe(request):
        return response.status_code in _PASSING
    told_when = response.status_code == httpx.codes.SERVICE_UNAVAILABLE and "Retry-After" in response.headers
    return told_when or response.status_code == httpx.codes.TOO_MANY_REQUESTS


def _asked_pause(response: httpx.Response, retry: Retry) -> float:
    try:
        return retry.parse_retry_after(response.headers.get("Retry-After", "0"))
    except (ValueError, OverflowError):
        return 0.0


def _log(request: httpx.Request, happened: str, pause: float) -> None:
    _logger.info("%s %s %s, again in %.1f s", request.method, request.url.path, happened, pause)
