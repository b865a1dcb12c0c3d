"""All ways to sign in, alone and together, with people who are asked and agents that hold keys."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import paramiko
import pytest

from scitacean.credentials import EnvironmentSecret
from scitacean.errors import ConfigurationError, FileServerLoginError, HostNotReachableError
from scitacean.model.dataset import Dataset
from scitacean.model.remote_path import RemotePath
from scitacean.testing.fixtures import ServerKind
from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server as asyncssh_server
from scitacean.testing.sshd import sshd
from scitacean.transfer.ssh import Prompt, SSHFileTransfer
from tests.unit.transfer.ssh.asking_server import AskingServer, Round, asking_server
from tests.unit.transfer.ssh.conftest import MakeTransfer

ANY = RemotePath("")
SECRET = "correct horse battery"
FAST_KEY = "ecdsa-sha2-nistp256"
TWO_FACTORS: list[Round] = [
    ("Two things", [("Password: ", False), ("Favourite colour: ", True)], [SECRET, "blue"]),
    ("Look at your phone", [("Code: ", False)], ["123456"]),
]


@pytest.fixture(autouse=True)
def _no_keys_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)


def connect(transfer: SSHFileTransfer) -> None:
    with transfer.connect_for_download(Dataset(type="raw"), ANY):
        pass


def refused(transfer: SSHFileTransfer) -> str:
    before = set(threading.enumerate())
    with pytest.raises(FileServerLoginError) as caught:
        connect(transfer)
    for thread in set(threading.enumerate()) - before:
        thread.join(20)
        assert not thread.is_alive()
    assert SECRET not in str(caught.value)
    return str(caught.value)


def to(server: AskingServer, **more: object) -> SSHFileTransfer:
    parameters: dict[str, object] = {
        "port": server.port,
        "username": "ada",
        "known_hosts": server.known_hosts,
        "config": os.devnull,
        "timeout": 20.0,
    }
    return SSHFileTransfer("127.0.0.1", **(parameters | more))  # type: ignore[arg-type]  # some of them


class Person:
    """Answers questions by what is in them, and remembers them."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[Prompt] = []

    def __call__(self, prompt: Prompt) -> str:
        self.asked.append(prompt)
        return next(answer for word, answer in self.answers.items() if word in prompt.text.lower())


class Forgetful:
    """Gives the right answer at the second time only."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, prompt: Prompt) -> str:
        self.asked.append(prompt.text)
        return SECRET if len(self.asked) == 2 else "wrong"


def test_a_person_answers_questions_in_several_rounds(tmp_path: Path) -> None:
    person = Person(password=SECRET, colour="blue", code="123456")
    with asking_server(tmp_path, "keyboard-interactive", rounds=TWO_FACTORS) as server:
        with to(server, ask=person) as transfer:
            connect(transfer)
            connect(transfer)
        assert server.tried == ["keyboard-interactive"]
    assert [(prompt.text, prompt.hidden) for prompt in person.asked] == [
        ("Password: ", True),
        ("Favourite colour: ", False),
        ("Code: ", True),
    ]
    assert person.asked[2].instructions == "Look at your phone"
    assert person.asked[0].host == f"'ada' at 127.0.0.1 port {server.port}"


def test_a_password_that_is_known_is_not_asked_for(tmp_path: Path) -> None:
    person = Person(colour="blue", code="123456")
    with asking_server(tmp_path, "keyboard-interactive", rounds=TWO_FACTORS) as server:
        with to(server, ask=person, password=SECRET) as transfer:
            connect(transfer)
        message = refused(to(server, password=SECRET))
    assert len(person.asked) == 2
    assert "asks 'ada'" in message
    assert "'Favourite colour:'" in message
    assert "ask=" in message


@pytest.mark.parametrize("first", ["publickey", "keyboard-interactive"])
def test_key_and_code_in_either_order(tmp_path: Path, first: str) -> None:
    key = paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(tmp_path / "key"))
    steps = {"publickey", "keyboard-interactive"} - {first}
    rounds: list[Round] = [("", [("Code: ", False)], ["123456"])]
    with asking_server(tmp_path, first, *steps, rounds=rounds, key=key) as server:
        with to(server, ask=Person(code="123456"), key_filename=tmp_path / "key") as transfer:
            connect(transfer)
        message = refused(to(server, key_filename=tmp_path / "key"))
    assert "What it wants is keyboard-interactive" in message


def test_password_and_code(tmp_path: Path) -> None:
    rounds: list[Round] = [("", [("Code: ", False)], ["123456"])]
    person = Person(code="123456", password=SECRET)
    with asking_server(
        tmp_path, "password", "keyboard-interactive", rounds=rounds, password=SECRET
    ) as server:
        for password in (SECRET, None):
            with to(server, ask=person, password=password) as transfer:
                connect(transfer)
    assert [prompt.text for prompt in person.asked] == [
        "Code: ",
        f"Password of 'ada' at 127.0.0.1 port {server.port}: ",
        "Code: ",
    ]


def test_wrong_answers_are_asked_for_again_but_not_for_ever(tmp_path: Path) -> None:
    with asking_server(tmp_path, "password", password=SECRET) as server:
        with to(server, ask=Forgetful()) as transfer:
            connect(transfer)
        message = refused(to(server, ask=lambda _: "wrong"))
    assert "a password" in message


def test_what_was_answered_for_one_connection_serves_the_next(tmp_path: Path) -> None:
    person = Person(password=SECRET)
    with (
        asking_server(tmp_path, "password", password=SECRET) as server,
        to(server, ask=person) as transfer,
        transfer.connect_for_download(Dataset(type="raw"), ANY),
    ):
        connect(transfer)
    assert len(person.asked) == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_a_cancelled_question_leaves_nothing(tmp_path: Path, method: str, error: type[BaseException]) -> None:
    def cancel(_: Prompt) -> str:
        assert threading.current_thread() is threading.main_thread()
        raise error("cancelled")

    before = set(threading.enumerate())
    with asking_server(tmp_path, method, rounds=TWO_FACTORS) as server:
        with pytest.raises(error, match="cancelled"), to(server, ask=cancel) as transfer:
            connect(transfer)
        far_ends = [line.split()[2:4] for line in Path("/proc/net/tcp").read_text().splitlines()]
        assert [f"0100007F:{server.port:04X}", "01"] not in far_ends
    assert set(threading.enumerate()) == before


def test_a_server_that_never_asks_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with asking_server(tmp_path, "keyboard-interactive", rounds=TWO_FACTORS) as server:
        monkeypatch.setattr(
            "tests.unit.transfer.ssh.asking_server._Session.check_auth_interactive",
            lambda *_: threading.Event().wait(4),
        )
        message = refused(to(server, ask=Person(), timeout=2.0))
    assert "closed the connection" in message


def test_asyncssh_asks_for_its_password(make_transfer: MakeTransfer, tmp_path: Path) -> None:
    person = Person(password=SECRET)
    with (
        asyncssh_server(tmp_path, password=SECRET) as server,
        make_transfer(server, key_filename=None, ask=person) as transfer,
    ):
        connect(transfer)
    assert len(person.asked) == 1


def test_a_passphrase_is_asked_for(make_transfer: MakeTransfer, tmp_path: Path) -> None:
    key = asyncssh.generate_private_key(FAST_KEY)
    path = tmp_path / "key"
    key.write_private_key(path, "pkcs1-pem", passphrase=SECRET)
    line = key.export_public_key().decode()
    config = tmp_path / "config"
    config.write_text(f"Host *\n  IdentityFile {path}\n  IdentityFile {tmp_path}/key.pub\n")
    (tmp_path / "key.pub").write_text("no key")
    with asyncssh_server(tmp_path, authorized_keys=[line]) as server:
        for more in ({"key_filename": path}, {"key_filename": None, "config": config}):
            person = Forgetful()
            with (
                make_transfer(server, ask=person, **more) as transfer,
                transfer.connect_for_download(Dataset(type="raw"), ANY),
            ):
                connect(transfer)
            assert person.asked == [f"Passphrase of the key file {path}: "] * 2
        assert "wrong" in refused(make_transfer(server, ask=lambda _: "wrong", key_filename=path))
        assert "is encrypted" in refused(make_transfer(server, ask=lambda _: "", key_filename=path))


@pytest.mark.parametrize("method", ["password", "keyboard-interactive"])
def test_a_secret_that_is_not_where_it_should_be(tmp_path: Path, method: str) -> None:
    with asking_server(tmp_path, method, rounds=TWO_FACTORS) as server:
        transfer = to(server, password=EnvironmentSecret("NOT_SET"))
        with pytest.raises(ConfigurationError, match="NOT_SET"):
            connect(transfer)


@pytest.fixture
def add_to_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Run an agent of one's own; the fixture adds keys to it."""
    sock = tmp_path / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", sock], stdout=subprocess.DEVNULL)
    while not sock.exists():
        assert agent.poll() is None
    monkeypatch.setenv("SSH_AUTH_SOCK", str(sock))

    def add(*keys: Path) -> None:
        subprocess.run(["ssh-add", "-q", *keys], check=True)

    yield add
    agent.kill()
    agent.wait()


def keygen(path: Path, *options: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", path, *options], check=True, input=b"")
    return path


def test_the_agent_signs_in(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, add_to_agent: Callable[..., None]
) -> None:
    add_to_agent(ssh_server.key_file)
    connect(make_transfer(ssh_server, key_filename=None))


def test_too_many_keys_of_the_agent_are_told_and_left_out_on_demand(
    make_transfer: MakeTransfer, add_to_agent: Callable[..., None], tmp_path: Path
) -> None:
    others = [keygen(tmp_path / f"other{number}") for number in range(8)]
    with sshd(tmp_path) as server:
        add_to_agent(*others, server.key_file)
        message = refused(make_transfer(server, key_filename=None, password="unused"))
        assert "closed the connection" in message
        assert "IdentitiesOnly" in message
        config = tmp_path / "config"
        config.write_text(f"Host *\n  IdentitiesOnly yes\n  IdentityFile {tmp_path}/mine.pub\n")
        public = subprocess.run(["ssh-keygen", "-y", "-f", server.key_file], capture_output=True, check=True)
        (tmp_path / "mine.pub").write_bytes(public.stdout)
        connect(make_transfer(server, key_filename=None, config=config))
        connect(make_transfer(server))


@pytest.mark.parametrize("in_agent", [True, False])
def test_certificates_sign_in(
    make_transfer: MakeTransfer, add_to_agent: Callable[..., None], tmp_path: Path, in_agent: bool
) -> None:
    authority, key = keygen(tmp_path / "authority"), keygen(tmp_path / "key")
    with sshd(tmp_path) as server:
        public = authority.with_suffix(".pub").read_text()
        (server.key_file.parent / "authorized_keys").write_text(f"cert-authority {public}")
        assert "refuses" in refused(make_transfer(server, key_filename=key))
        subprocess.run(
            ["ssh-keygen", "-q", "-s", authority, "-I", "ada", "-n", server.username, f"{key}.pub"],
            check=True,
        )
        if in_agent:
            certificate = Path(f"{key}-cert.pub").read_bytes()
            Path(f"{key}-cert.pub").unlink()
            add_to_agent(key)
            Path(f"{key}-cert.pub").write_bytes(certificate)
            key.write_bytes(Path(f"{key}.pub").read_bytes())
        connect(make_transfer(server, key_filename=key))
        config = tmp_path / "config"
        config.write_text(f"Host *\n  CertificateFile {tmp_path}/elsewhere\n")
        elsewhere = Path(f"{key}-cert.pub").rename(tmp_path / "elsewhere")
        other = keygen(tmp_path / "other")
        connect(make_transfer(server, key_filename=key, config=config))
        for content in (
            b"",
            b"no certificate",
            elsewhere.read_bytes()[:60],
            other.with_suffix(".pub").read_bytes(),
        ):
            elsewhere.write_bytes(content)
            assert "refuses" in refused(make_transfer(server, key_filename=key, config=config))
        elsewhere.unlink()
        assert "refuses" in refused(make_transfer(server, key_filename=key, config=config))


def test_ones_own_keys_are_tried(
    ssh_server: RunningSSHServer, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/id_ed25519").write_bytes(ssh_server.key_file.read_bytes())
    connect(make_transfer(ssh_server, key_filename=None))


def test_a_proxy_command_is_used(make_transfer: MakeTransfer, tmp_path: Path) -> None:
    with sshd(tmp_path) as server:
        relay = tmp_path / "relay.py"
        relay.write_text(
            "import socket, sys, threading\n"
            "sock = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
            "def up():\n"
            "    while data := sys.stdin.buffer.read1(65536): sock.sendall(data)\n"
            "threading.Thread(target=up, daemon=True).start()\n"
            "while data := sock.recv(65536): sys.stdout.buffer.write(data), sys.stdout.buffer.flush()\n"
        )
        config = tmp_path / "config"
        config.write_text(
            f"Host 127.0.0.1\n  Port {server.port}\n  ProxyCommand {sys.executable} {relay} %h %p\n"
        )
        with make_transfer(server, port=None, config=config) as transfer:
            connect(transfer)
        assert server.connections_made == 1
        config.write_text("Host 127.0.0.1\n  ProxyCommand false\n")
        with pytest.raises(HostNotReachableError):
            connect(make_transfer(server, config=config, timeout=3.0))


def test_secrets_of_jump_hosts_are_asked_for_too(
    ssh_server_kind: ServerKind, make_transfer: MakeTransfer, tmp_path: Path
) -> None:
    person = Person(passphrase=SECRET)
    key = asyncssh.generate_private_key(FAST_KEY)
    key.write_private_key(tmp_path / "key", "pkcs1-pem", passphrase=SECRET)
    with ssh_server_kind(tmp_path, forwarding=True) as server:
        key.write_private_key(server.key_file, "pkcs1-pem", passphrase=SECRET)
        config = tmp_path / "config"
        config.write_text(
            f"Host inner\n  HostName 127.0.0.1\n  Port {server.port}\n  User {server.username}\n"
            f"  ProxyJump jump\nHost jump\n  HostName 127.0.0.1\n  Port {server.port}\n  User nobody-known\n"
            f"Host *\n  IdentityFile {server.key_file}\n"
        )
        message = refused(
            make_transfer(
                server, host="inner", port=None, username=None, key_filename=None, config=config, ask=person
            )
        )
    assert "'nobody-known'" in message
    assert [re.sub(" file .*", "", prompt.text) for prompt in person.asked] == ["Passphrase of the key"]
