"""Secrets for file servers show nowhere, however signing in there fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paramiko
import pytest

from scitacean import SecretStr
from scitacean.credentials import EnvironmentSecret, FileSecret
from scitacean.transfer.ssh import Prompt, SSHFileTransfer
from scitacean.workflow.progress import Progress
from tests.unit.transfer.ssh.asking_server import asking_server

if TYPE_CHECKING:
    pass

# Frames of tests are in tracebacks too, so what they use must be no local variable of theirs.
from tests.end_to_end.secrecy.site import (
    BAD_TEXT,
    CODE,
    HOST_PASSWORD,
    PASSPHRASE,
    WRONG,
    Site,
    closed_port,
    fails_without_showing,
    running_site,
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with running_site(tmp_path, monkeypatch) as site:
        yield site


def _uploads(site: Site, transfer: SSHFileTransfer) -> None:
    with site.client(transfer=transfer) as client:
        client.upload_new_dataset_now(site.dataset())


def _key_with_passphrase(site: Site) -> Path:
    path = site.folder / "key"
    paramiko.ECDSAKey.generate().write_private_key_file(str(path), PASSPHRASE)
    return path


def _refuses(prompt: Prompt) -> str:
    raise ValueError(f"there is nobody at {prompt.host}")


def _gives_up(prompt: Prompt) -> str:
    raise KeyboardInterrupt


def _frozen(site: Site) -> None:
    site.files.freeze()
    _uploads(site, site.transfer(timeout=0.5))


def _cut(site: Site, size: int) -> None:
    site.files.cut_after(size)
    site.files.refuse_connections()
    _uploads(site, site.transfer())


def _cut_off(site: Site) -> None:
    def cut(progress: Progress) -> None:
        if progress.bytes_done:
            site.files.refuse_connections()
            site.files.kill_connections()

    with site.client() as client:
        client.upload_new_dataset_now(site.dataset(), on_progress=cut)


def _asked(site: Site, **parameters: Any) -> None:
    with asking_server(
        site.folder,
        "password",
        "keyboard-interactive",
        password=HOST_PASSWORD,
        rounds=[("Look at your phone", [("Code: ", False)], ["123456"])],
    ) as server:
        port, known_hosts = server.port, server.known_hosts
        transfer = site.transfer(
            username="ada", port=port, known_hosts=known_hosts, password=None, **parameters
        )
        _uploads(site, transfer)


HOSTS: dict[str, Callable[[Site], object]] = {
    "a wrong password": lambda site: _uploads(site, site.transfer(password=WRONG)),
    "a wrong password that is kept": lambda site: _uploads(site, site.transfer(password=SecretStr(WRONG))),
    "a password that cannot be sent": lambda site: _uploads(site, site.transfer(password=BAD_TEXT)),
    "no password in the environment": lambda site: _uploads(
        site, site.transfer(password=EnvironmentSecret("NOT_SET"))
    ),
    "no password in a file": lambda site: _uploads(site, site.transfer(password=FileSecret("no-such-file"))),
    "a server that is down": lambda site: _uploads(site, site.transfer(port=closed_port())),
    "an unknown server": lambda site: _uploads(site, site.transfer(known_hosts=site.folder / "no hosts")),
    "a wrong parameter": lambda site: SSHFileTransfer(
        "127.0.0.1",
        password=HOST_PASSWORD,
        verify="no",  # type: ignore[arg-type]  # which is refused
    ),
    "a wrong passphrase": lambda site: _uploads(
        site, site.transfer(key_filename=_key_with_passphrase(site), passphrase=WRONG)
    ),
    "a key that is not accepted": lambda site: _uploads(
        site, site.transfer(key_filename=_key_with_passphrase(site), passphrase=PASSPHRASE, password=WRONG)
    ),
    "a wrong code": lambda site: _asked(
        site, ask=lambda prompt: HOST_PASSWORD if "assword" in prompt.text else CODE
    ),
    "nobody who answers": lambda site: _asked(site, ask=_refuses),
    "somebody who gives up": lambda site: _asked(
        site, ask=lambda prompt: HOST_PASSWORD if "assword" in prompt.text else _gives_up(prompt)
    ),
    "a server that is silent": _frozen,
    "a line that is cut at once": lambda site: _cut(site, 500),
    "a line that is cut at sign-in": lambda site: _cut(site, 2_600),
    "a line that is cut later": _cut_off,
}


@pytest.mark.parametrize("action", HOSTS.values(), ids=HOSTS)
def test_signing_in_at_the_file_server(site: Site, action: Callable[[Site], object]) -> None:
    fails_without_showing(site, lambda: action(site))


# The rest of the kinds of answers is nightly.
