"""What channels of the SSH library need for none to wait for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from functools import partial
from typing import Final

from paramiko import Channel, SSHException, Transport

# Channel.sendall is quadratic in what it is given.
SEND_AT_ONCE: Final = 32_704
"""How many bytes fit into one packet of the connection."""

_MOST_CLOSING_SECONDS = 5.0


def send_all(channel: Channel, content: bytes | memoryview) -> bool:
    """Send bytes.

    Parameters
    ----------
    channel:
        Where to.
    content:
        What.

    Returns
    -------
    :
        Whether all was taken; otherwise the other side has closed the channel.

    Raises
    ------
    OSError, EOFError, paramiko.SSHException
        If the connection is broken or the other side takes nothing for longer than the timeout.
    """
    view = memoryview(content)
    position = 0
    while position < len(view):
        sent = channel.send(bytes(view[position : position + SEND_AT_ONCE]))
        if not sent:
            return False
        position += sent
    return True


def close_channel(channel: Channel) -> None:
    """Close a channel, of a broken connection too, to which its farewell cannot be written."""
    ended(channel.close)


def close_transport(transport: Transport) -> None:
    """Close a connection, whatever state the library is in."""
    if not ended(transport.close):
        with suppress(OSError):
            transport.sock.close()


def ended(closing: Callable[[], object], *, seconds: float | None = None) -> bool:
    """End something for good, but wait for it for some seconds only.

    Ctrl-C may stop the library between taking a lock and being ready to give it back. What needs that lock
    later waits for ever: then a thread that ends with the process does.

    Parameters
    ----------
    closing:
        What to do. That a connection is broken already is no error.
    seconds:
        How long to wait; some seconds by default.

    Returns
    -------
    :
        Whether it was done in time.
    """
    return all_ended([closing], seconds=seconds)


def all_ended(closings: Sequence[Callable[[], object]], *, seconds: float | None = None) -> bool:
    """End several things for good at the same time, see :func:`ended`.

    Parameters
    ----------
    closings:
        What to do.
    seconds:
        How long to wait in all; some seconds by default.

    Returns
    -------
    :
        Whether all was done in time.
    """

    def close(closing: Callable[[], object]) -> None:
        with suppress(OSError, EOFError, SSHException):
            closing()

    deadline = time.monotonic() + (_MOST_CLOSING_SECONDS if seconds is None else seconds)
    threads = [in_background(partial(close, closing), name="scitacean-closing") for closing in closings]
    for closing, thread in zip(closings, threads, strict=True):
        if thread is None:
            close(closing)
        else:
            thread.join(max(0.0, deadline - time.monotonic()))
    return not any(thread is not None and thread.is_alive() for thread in threads)


def in_background(work: Callable[[], object], *, name: str) -> threading.Thread | None:
    """Do something in a thread that ends with the process; None while Python ends, without new ones."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError:
        return None
    return thread


@contextmanager
def meanwhile(work: Callable[[], object], *, name: str) -> Iterator[None]:
    """Do something in a thread while the body of the ``with`` runs, and wait for it.

    It is not waited for after Ctrl-C, so it must bear that what it uses is closed.

    Parameters
    ----------
    work:
        What to do. What it raises comes out at the end, if the body raises nothing.
    name:
        Of the thread.
    """
    future: Future[object] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - for who waits
            future.set_exception(error)

    if in_background(run, name=name) is None:
        run()
    try:
        yield
    except Exception:
        wait([future])
        raise
    future.result()


@contextmanager
def giving_up(channel: Channel) -> Iterator[None]:
    """Give up a request after the timeout of its channel: the library waits for an answer for ever.

    Raises
    ------
    TimeoutError
        If there is no answer; then the channel is closed.
    """
    silent = threading.Event()

    def give_up() -> None:
        silent.set()
        close_channel(channel)

    timer = threading.Timer(channel.gettimeout() or 0.0, give_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    except SSHException:
        if silent.is_set():
            raise TimeoutError("no answer in time") from None
        raise
    finally:
        timer.cancel()
