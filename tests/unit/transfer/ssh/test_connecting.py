"""Every reason not to get a connection has its error, and none of them tells a secret."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import traceback
from contextlib import ExitStack, suppress
from pathlib import Path

import asyncssh
import fabric
import paramiko
import pytest
from paramiko.packet import Packetizer

from scitacean.credentials import SecretStr
from scitacean.errors import (
    ConfigurationError,
    FileNotAccessibleError,
    FileServerLoginError,
    HostKeyError,
    HostNotReachableError,
)
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.fixtures import ServerKind
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.transfer.ssh import SSHFileTransfer
from tests.unit.transfer.ssh.conftest import MakeTransfer

ANY = RemotePath("")
FAST_KEY = "ecdsa-sha2-nistp256"
"""Kind of key that can be encrypted in the old format, which is quick; the new one is slow on purpose."""
SECRET = "correct horse battery"


def connect(transfer: SSHFileTransfer) -> None:
    dataset = Dataset(type="raw")
    with transfer.connect_for_download(dataset, ANY):
        pass
    with transfer.connect_for_upload(dataset, ANY):
        pass


def refused(transfer: SSHFileTransfer, error: type[Exception]) -> str:
    before = set(threading.enumerate())
    with pytest.raises(error) as caught:
        connect(transfer)
    # The server runs in this process too, and lets its threads go in its own time.
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
        assert not thread.is_alive()
    text = "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert SECRET not in text
    assert caught.value.__cause__ is None
    return str(caught.value)


def key_line(server: RunningSSHServer) -> str:
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().split()
    return f"[{server.host}]:{server.port} {key[0]} {key[1]}\n"


def test_unknown_host_key_then_accepted_by_the_command_of_the_message(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "my known hosts"
    transfer = make_transfer(ssh_server, known_hosts=known_hosts)
    message = refused(transfer, HostKeyError)
    assert "ssh-ed25519 SHA256:" in message
    command = message.partition("accept it with: ")[2]
    subprocess.run(command, shell=True, check=True, capture_output=True)
    connect(transfer)


def test_changed_host_key(ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(key_line(ssh_server))
    message = refused(make_transfer(ssh_server, known_hosts=known_hosts), HostKeyError)
    assert "HAS CHANGED" in message
    command = message.partition("forget the old one with: ")[2]
    subprocess.run(command, shell=True, check=True, capture_output=True)
    assert known_hosts.read_text() == ""


def test_without_a_file_of_its_own_the_users_known_hosts_count(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    transfer = make_transfer(ssh_server, known_hosts=None)
    assert f"ssh -p {ssh_server.port} 127.0.0.1" in refused(transfer, HostKeyError)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text(ssh_server.known_hosts.read_text())
    connect(transfer)


def test_a_damaged_file_of_known_hosts(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text("other ssh-ed25519 A\n")
    refused(make_transfer(ssh_server, known_hosts=known_hosts), HostKeyError)
    known_hosts.write_text(f"[{ssh_server.host}]:{ssh_server.port} ssh-ed25519 A\n")
    assert "damaged" in refused(make_transfer(ssh_server, known_hosts=known_hosts), ConfigurationError)
    assert "Cannot read" in refused(make_transfer(ssh_server, known_hosts=tmp_path), ConfigurationError)


def test_host_down(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        message = refused(make_transfer(ssh_server, port=unused.getsockname()[1]), HostNotReachableError)
    assert "connection refused" in message


def test_host_that_does_not_exist(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> None:
    refused(make_transfer(ssh_server, host="no-such-host.invalid"), HostNotReachableError)


@pytest.mark.parametrize("host", ["bad..host", ".host", "h" * 64])
def test_names_that_no_host_can_have(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path, host: str
) -> None:
    assert repr(host) in refused(make_transfer(ssh_server, host=host), ConfigurationError)
    config = tmp_path / "config"
    config.write_text(f"Host inner\n  ProxyJump {host}\n")
    message = refused(make_transfer(ssh_server, host="inner", config=config), ConfigurationError)
    assert repr(host) in message


def test_a_user_name_that_cannot_be_sent_is_no_matter_of_the_host(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer
) -> None:
    refused(make_transfer(ssh_server, username="a\ud800"), FileServerLoginError)


@pytest.mark.parametrize("timeout", [0.3, 1.0])
def test_host_that_accepts_and_says_nothing(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, timeout: float
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        transfer = make_transfer(ssh_server, port=silent.getsockname()[1], timeout=timeout)
        assert "does not talk SSH" in refused(transfer, HostNotReachableError)


def test_host_whose_first_words_are_damaged(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer
) -> None:
    # The names of the methods that it knows, which are not ASCII.
    words = paramiko.Message()
    words.add_byte(bytes([paramiko.common.MSG_KEXINIT]))
    words.add_bytes(bytes(16))
    for _ in range(10):
        words.add_string(b"\xd5")
    words.add_bytes(bytes(5))

    def say(listening: socket.socket) -> None:
        there, _ = listening.accept()
        with there, suppress(OSError):
            there.sendall(b"SSH-2.0-x\r\n")
            Packetizer(there).send_message(words)
            while there.recv(4096):
                pass

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=say, args=(listening,))
        thread.start()
        transfer = make_transfer(ssh_server, port=listening.getsockname()[1])
        with pytest.raises(HostNotReachableError, match="does not talk SSH with us"):
            connect(transfer)
        thread.join()


def test_host_that_does_not_answer(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> None:
    with ExitStack() as stack:
        busy = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(busy.getsockname())
        transfer = make_transfer(ssh_server, port=busy.getsockname()[1], timeout=0.5)
        assert "no answer in time" in refused(transfer, HostNotReachableError)


def test_wrong_password(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> None:
    transfer = make_transfer(ssh_server, key_filename=None, password=SECRET)
    message = refused(transfer, FileServerLoginError)
    assert ssh_server.username in message
    assert "the password" in message
    assert SECRET not in repr(transfer)


def test_no_way_to_sign_in(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> None:
    refused(make_transfer(ssh_server, key_filename=None), FileServerLoginError)


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_wrong_key(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "key"
    asyncssh.generate_private_key(kind).write_private_key(path)
    message = refused(make_transfer(ssh_server, key_filename=path), FileServerLoginError)
    assert str(path) in message


def test_keys_that_cannot_be_used(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    key = asyncssh.generate_private_key(FAST_KEY)
    encrypted, new, public, other = (tmp_path / name for name in ("pem", "openssh", "key.pub", "other"))
    key.write_private_key(encrypted, "pkcs1-pem", passphrase="other")
    key.write_private_key(new, "openssh", passphrase="other")
    key.write_private_key(tmp_path / "pkcs8", "pkcs8-pem", passphrase="other")
    key.write_public_key(public)
    other.write_text("PuTTY-User-Key-File-3: ecdsa\n")
    (tmp_path / "cut").write_text(
        "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blb\n-----END OPENSSH PRIVATE KEY-----\n"
    )
    for path, passphrase, said in [
        (tmp_path / "missing", None, "No such file"),
        (encrypted, None, "it is encrypted, and nobody has given its passphrase"),
        (new, None, "it is encrypted, and nobody has given its passphrase"),
        (tmp_path / "pkcs8", None, "it is encrypted, and nobody has given its passphrase"),
        (encrypted, SECRET, "passphrase is wrong"),
        (new, SECRET, "passphrase is wrong"),
        (public, None, f"it is a public key. Name the private one, which is usually {tmp_path / 'key'}"),
        (public, SECRET, "it is a public key"),
        (other, None, "it is no private key in the format of OpenSSH or PEM"),
        (other, SECRET, "it is no private key in the format of OpenSSH or PEM"),
        (tmp_path / "cut", None, "it is no private key in the format of OpenSSH or PEM"),
    ]:
        transfer = make_transfer(ssh_server, key_filename=path, passphrase=passphrase)
        assert said in refused(transfer, FileServerLoginError)


def test_password_and_encrypted_key_sign_in(make_transfer: MakeTransfer, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key(FAST_KEY)
    key.write_private_key(tmp_path / "key", "pkcs1-pem", passphrase=SECRET)
    line = key.export_public_key().decode()
    with asyncssh_server(tmp_path, password=SECRET, authorized_keys=[line]) as server:
        connect(make_transfer(server, key_filename=None, password=SecretStr(SECRET)))
        connect(make_transfer(server, key_filename=tmp_path / "key", passphrase=SECRET))
        refused(make_transfer(server, username="other", password=SECRET), FileServerLoginError)


def test_the_ssh_configuration_is_read(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"Host beamline\n  HostName {ssh_server.host}\n  Port {ssh_server.port}\n"
        f"  User {ssh_server.username}\n  IdentityFile {ssh_server.key_file}\n"
        f"  IdentityFile {tmp_path}/missing\n  ConnectTimeout 5\n"
    )
    connect(
        make_transfer(ssh_server, host="beamline", port=None, username=None, key_filename=None, config=config)
    )


@pytest.mark.parametrize("alias", [True, False])
@pytest.mark.parametrize("own_file", [True, False])
def test_known_hosts_and_aliases_of_the_ssh_configuration(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    alias: bool,
    own_file: bool,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    known_hosts = tmp_path / "site known" if own_file else tmp_path / "configured"
    config = tmp_path / "config"
    config.write_text(
        "Host *\n  UserKnownHostsFile ~/configured ~/other\n" + ("  HostKeyAlias storage\n" if alias else "")
    )
    transfer = make_transfer(ssh_server, known_hosts=known_hosts if own_file else None, config=config)
    message = refused(transfer, HostKeyError)
    subprocess.run(message.partition("accept it with: ")[2], shell=True, check=True, capture_output=True)
    connect(transfer)
    assert known_hosts.read_text().startswith("storage " if alias else f"[127.0.0.1]:{ssh_server.port} ")
    transfer.close()
    wrong = key_line(ssh_server)
    known_hosts.write_text("storage " + wrong.partition(" ")[2] if alias else wrong)
    message = refused(transfer, HostKeyError)
    assert "HAS CHANGED" in message
    command = message.partition("forget the old one with: ")[2]
    subprocess.run(command, shell=True, check=True, capture_output=True)
    assert known_hosts.read_text() == ""
    known = ssh_server.known_hosts.read_text()
    if not own_file:
        (tmp_path / "other").write_text("storage " + known.partition(" ")[2] if alias else known)
        connect(transfer)


def test_an_alias_without_a_file_of_known_hosts(
    ssh_server: RunningSSHServer,
    make_transfer: MakeTransfer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    config = tmp_path / "config"
    config.write_text("Host *\n  HostKeyAlias storage\n")
    message = refused(make_transfer(ssh_server, known_hosts=None, config=config), HostKeyError)
    assert f"ssh -p {ssh_server.port} -o HostKeyAlias=storage 127.0.0.1" in message


def test_a_configuration_that_cannot_be_used(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    refused(make_transfer(ssh_server, config=tmp_path / "missing"), ConfigurationError)
    config = tmp_path / "config"
    config.write_text("Host\n= = =\n")
    refused(make_transfer(ssh_server, config=config), ConfigurationError)
    refused(make_transfer(ssh_server, host="user@host"), ConfigurationError)


def jump_config(server: RunningSSHServer, path: Path) -> Path:
    path.write_text(
        f"Host inner\n  HostName 127.0.0.1\n  Port {server.port}\n  User {server.username}\n"
        "  ProxyJump jump\n"
        f"Host jump\n  HostName localhost\n  Port {server.port}\n  User {server.username}\n"
        f"Host *\n  IdentityFile {server.key_file}\n"
    )
    return path


def test_jump_hosts_are_used_and_their_keys_checked_too(
    ssh_server_kind: ServerKind, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    with ssh_server_kind(tmp_path, forwarding=True) as server:
        config = jump_config(server, tmp_path / "config")
        transfer = make_transfer(
            server, host="inner", port=None, username=None, key_filename=None, config=config
        )
        assert "localhost" in refused(transfer, HostKeyError)
        known = server.known_hosts.read_text()
        server.known_hosts.write_text(known + known.replace("127.0.0.1", "localhost"))
        connect(transfer)
        assert server.connections_made == 3
        transfer.close()
        server.known_hosts.write_text(known + key_line(server).replace("127.0.0.1", "localhost"))
        message = refused(transfer, HostKeyError)
        assert f"'[localhost]:{server.port}'" in message


def test_a_connection_of_ones_own(ssh_server: RunningSSHServer, make_transfer: MakeTransfer) -> None:
    made = []

    def make() -> fabric.Connection:
        config = fabric.Config(lazy=True)
        made.append(
            fabric.Connection(
                ssh_server.host,
                user=ssh_server.username,
                port=ssh_server.port,
                config=config,
                connect_kwargs={"key_filename": str(ssh_server.key_file)},
            )
        )
        return made[-1]

    transfer = make_transfer(ssh_server, connect=make, key_filename=None)
    connect(transfer)
    transfer.close()
    assert len(made) == 1
    assert not any(connection.is_connected for connection in made)
    refused(make_transfer(ssh_server, connect=make, key_filename=None, known_hosts=os.devnull), HostKeyError)

    def make_open() -> fabric.Connection:
        connection = make()
        connection.open()
        return connection

    connect(make_transfer(ssh_server, connect=make_open, key_filename=None, known_hosts=os.devnull))


def test_what_ones_own_connection_knows_and_signs_in_with_counts(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    known_hosts = tmp_path / "known_hosts"

    def make() -> fabric.Connection:
        connection = fabric.Connection(
            ssh_server.host,
            user=ssh_server.username,
            port=ssh_server.port,
            config=fabric.Config(lazy=True),
            connect_kwargs={
                "pkey": paramiko.PKey.from_path(str(ssh_server.key_file)),
                "password": SECRET,
                "allow_agent": False,
                "look_for_keys": False,
            },
        )
        connection.client.load_system_host_keys(str(known_hosts))
        return connection

    transfer = make_transfer(ssh_server, connect=make, key_filename=None)
    known_hosts.write_text(key_line(ssh_server))
    assert "HAS CHANGED" in refused(transfer, HostKeyError)
    known_hosts.write_text(ssh_server.known_hosts.read_text())
    connect(transfer)


def test_key_files_that_are_none_are_passed_over(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    (tmp_path / "none").write_text("no key\n")
    config = tmp_path / "config"
    config.write_text(f"Host *\n  IdentityFile {tmp_path}/none\n")
    refused(make_transfer(ssh_server, key_filename=None, config=config), FileServerLoginError)


def test_a_server_without_sftp(make_transfer: MakeTransfer, tmp_path: Path) -> None:
    for shell in (False, True):
        with asyncssh_server(tmp_path, shell=shell, sftp=False) as server:
            message = refused(make_transfer(server), FileNotAccessibleError)
        assert "offers no SFTP" in message
