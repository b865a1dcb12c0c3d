"""Files of known host keys mean what they mean to OpenSSH."""

from __future__ import annotations

import subprocess
from pathlib import Path

import paramiko
import pytest

from scitacean.errors import HostKeyError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.transfer.ssh.known_hosts import known_keys
from tests.unit.transfer.ssh.conftest import MakeTransfer

KEYS = [paramiko.ECDSAKey.generate() for _ in range(3)]


def text_of(key: paramiko.PKey) -> str:
    return f"{key.get_name()} {key.get_base64()}"


@pytest.mark.parametrize(
    ("names", "host", "port", "known"),
    [
        ("files.site.example", "files.site.example", 22, True),
        ("FILES.site.example", "Files.Site.example", 22, True),
        ("files.site.example", "files.site.example", 2222, False),
        ("[files.site.example]:2222", "files.site.example", 2222, True),
        ("[files.site.example]:2222", "files.site.example", 22, False),
        ("a,files.site.example,b", "files.site.example", 22, True),
        ("*.site.example", "files.site.example", 22, True),
        ("file?.site.example", "files.site.example", 22, True),
        ("*.site.example,!files.*", "files.site.example", 22, False),
        ("!files.*,*.site.example", "files.site.example", 22, False),
        ("filesXsite.example", "files.site.example", 22, False),
        ("hash of files.site.example", "files.site.example", 22, True),
        ("hash of [files.site.example]:2222", "files.site.example", 2222, True),
        ("hash of other.site.example", "files.site.example", 22, False),
    ],
)
def test_names(tmp_path: Path, names: str, host: str, port: int, known: bool) -> None:
    file = tmp_path / "known_hosts"
    if names.startswith("hash of "):
        names = paramiko.HostKeys.hash_host(names.removeprefix("hash of "))
    file.write_text(f"# comment\n\nshort line\n{names}  {text_of(KEYS[0])} comment\n")
    assert known_keys([file, tmp_path / "missing"], host, port).accepted == ([KEYS[0]] if known else [])


def test_several_keys_markers_and_kinds_that_are_not_known(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(
        f"h {text_of(KEYS[0])}\nh {text_of(KEYS[1])}\n@revoked * {text_of(KEYS[2])}\n"
        f"@cert-authority * {text_of(KEYS[2])}\nh new-kind AAAA\n"
    )
    known = known_keys([file], "h", 22)
    assert (known.accepted, known.revoked) == (KEYS[:2], KEYS[2:])


def connect(server: RunningSSHServer, make_transfer: MakeTransfer, known_hosts: Path) -> None:
    with (
        make_transfer(server, known_hosts=known_hosts) as transfer,
        transfer.connect_for_download(Dataset(type="raw"), RemotePath("")),
    ):
        pass


def test_a_host_may_have_several_keys(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    name, kind, key = ssh_server.known_hosts.read_text().split()
    other = paramiko.PKey.from_type_string("ssh-ed25519", b"\0\0\0\x0bssh-ed25519\0\0\0 " + b"a" * 32)
    rsa = paramiko.RSAKey.generate(2048)
    file = tmp_path / "known_hosts"
    lines = [f"{name} {text_of(one)}\n" for one in (rsa, KEYS[0], other)]
    file.write_text("".join(lines))
    with pytest.raises(HostKeyError, match=r"HAS CHANGED.* and .* and "):
        connect(ssh_server, make_transfer, file)
    file.write_text("".join([*lines, f"{name} {kind} {key}\n"]))
    connect(ssh_server, make_transfer, file)
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    assert name not in file.read_text()
    connect(ssh_server, make_transfer, file)
    file.write_text(f"{name} {kind} {key}\n@revoked * {kind} {key}\n")
    with pytest.raises(HostKeyError, match="REVOKED"):
        connect(ssh_server, make_transfer, file)
