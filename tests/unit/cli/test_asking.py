"""The command asks what a file server asks, where there is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

import pytest
from typer.testing import CliRunner

from scitacean.cli.connect import CatalogueOptions, HostOptions, make_client
from scitacean.transfer.ssh import Prompt, SSHFileTransfer
from scitacean.transfer.ssh.prompts import Ask


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@contextmanager
def asking() -> Iterator[Ask | None]:
    catalogue = CatalogueOptions(
        url="https://scicat.site.example",
        username=None,
        password_file=None,
        token_file=None,
        local=None,
        allow_http=False,
    )
    host = HostOptions(
        host="files.site.example",
        port=None,
        username=None,
        key_file=None,
        known_hosts=None,
        source_folder=None,
        path_prefixes=[],
    )
    with make_client(catalogue, host) as client:
        assert isinstance(client.file_transfer, SSHFileTransfer)
        yield client.file_transfer._settings.ask


def test_questions_are_shown_without_what_a_terminal_would_obey(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    prompt = Prompt(host="ada at h", text="Code\x1b[2J: ", hidden=False, title=" ", instructions="Look!")
    with asking() as ask:
        assert ask is not None
        with CliRunner().isolation(input="123\n\n") as (_stdout, shown, *_rest):
            assert (ask(prompt), ask(prompt)) == ("123", "")
            text = shown.getvalue().decode()
    assert "Sign-in as ada at h\nLook!\nCode\N{REPLACEMENT CHARACTER}[2J:" in text
    assert "\x1b" not in text


def test_nobody_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO())
    with asking() as ask:
        assert ask is None
