"""The servers for tests say what they lack, and leave nothing running."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from scitacean.errors import ConfigurationError
from scitacean.testing import fixtures, sshd
from scitacean.testing.fixtures import ServerKind


def test_a_missing_sshd_leaves_one_kind_of_server_or_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixtures, "find_sshd", lambda: None)
    monkeypatch.delenv("SCITACEAN_REQUIRE_SSHD", raising=False)
    assert list(fixtures.server_kinds()) == ["asyncssh"]
    monkeypatch.setenv("SCITACEAN_REQUIRE_SSHD", "1")
    with pytest.raises(ConfigurationError, match="apt-get install openssh-server"):
        fixtures.server_kinds()


def test_sshd_that_is_missing_or_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program, said in [(None, "not installed"), (Path("/bin/false"), "does not start")]:
        monkeypatch.setattr(sshd, "find_sshd", lambda program=program: program)
        with pytest.raises(ConfigurationError, match=said), sshd.sshd(tmp_path):
            raise AssertionError


def test_there_is_no_sshd_of_ours_on_other_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scitacean.testing.sshd.os", SimpleNamespace(name="nt"))
    assert sshd.find_sshd() is None


def test_a_missing_asyncssh_is_explained() -> None:
    code = "import sys; sys.modules['asyncssh'] = None; import scitacean.testing.ssh_server"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "python -m pip install 'scitacean[testing]'" in done.stderr


def test_servers_stop_with_all_they_started(ssh_server_kind: ServerKind, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with ssh_server_kind(tmp_path) as server:
        assert server.key_file.exists()
        assert "password" not in repr(server)
    assert set(threading.enumerate()) <= before
    assert not server.key_file.exists()
