"""Keyboard-interactive sign-in: rounds of questions that the server makes up."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, Queue
from typing import TypeAlias

from paramiko import AuthenticationException, SSHException, Transport

from scitacean.transfer.ssh.channels import close_transport

Questions: TypeAlias = tuple[str, str, list[tuple[str, bool]]]
"""Title, instructions, and for each question its text and whether the answer may be shown."""


def converse(
    transport: Transport, user: str, answer: Callable[[Questions], list[str]], *, timeout: float
) -> list[str]:
    """Sign in by answering the server's questions.

    Parameters
    ----------
    transport:
        Is closed where the answering fails.
    user:
        Who signs in.
    answer:
        Called in this thread, so that Ctrl-C reaches it, for each round of questions.
    timeout:
        How many seconds the server may take between rounds; a person may take longer.

    Returns
    -------
    :
        Methods of which the server wants one more; none where it is content.

    Raises
    ------
    AuthenticationException
        If the server does not like the answers, or the method, or is silent.
    """
    rounds: Queue[Questions | None] = Queue()
    answers: Queue[list[str] | None] = Queue()

    def pass_on(title: str, instructions: str, fields: list[tuple[str, bool]]) -> list[str]:
        rounds.put((title, instructions, fields))
        given = answers.get()
        if given is None:
            raise SSHException("The questions were not answered.")
        return given

    # The library would count the time that a person thinks.
    transport.auth_timeout = math.inf
    # It calls from the connection's own thread, and waits in the one that signs in.
    with ThreadPoolExecutor(1) as waiting:
        result = waiting.submit(transport.auth_interactive, user, pass_on)
        result.add_done_callback(lambda _: rounds.put(None))
        try:
            while (questions := rounds.get(timeout=timeout)) is not None:
                answers.put(answer(questions))
        except BaseException as error:
            answers.put(None)
            close_transport(transport)
            if isinstance(error, Empty):
                raise AuthenticationException("it was silent for too long") from None
            raise
        finally:
            transport.auth_timeout = timeout
        return result.result()
