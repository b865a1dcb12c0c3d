"""From options, the environment, files and prompts to a client; secrets are never arguments."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import attrs
import typer

from scitacean.client import Client
from scitacean.credentials import FileSecret, SecretStr
from scitacean.display.table import printable
from scitacean.errors import ConfigurationError
from scitacean.transfer.protocol import FileTransfer
from scitacean.transfer.ssh.prompts import Prompt


@attrs.frozen(kw_only=True)
class CatalogueOptions:
    """Which catalogue, and who asks."""

    url: str | None
    username: str | None
    password_file: Path | None
    token_file: Path | None
    local: Path | None
    allow_http: bool


@attrs.frozen(kw_only=True)
class HostOptions:
    """Which file server, and who logs in there."""

    host: str | None
    port: int | None
    username: str | None
    key_file: Path | None
    known_hosts: Path | None
    source_folder: str | None
    path_prefixes: list[str]


def make_client(
    catalogue: CatalogueOptions, host: HostOptions | None = None, *, reading: bool = False
) -> Client:
    """Make the client that the options ask for.

    Parameters
    ----------
    catalogue, host:
        The options.
    reading:
        Whether a folder without catalogue is a mistake; otherwise one is made there.

    Raises
    ------
    ConfigurationError
        If options are missing or contradict each other, or a file with a secret cannot be read.
    """
    if catalogue.local is not None:
        # The variable says what to use by default.
        if catalogue.url not in (None, os.environ.get("SCITACEAN_URL")):
            raise ConfigurationError("Both --url and --local are given.", hint="Give one of them.")
        _check_local(catalogue.local, host, reading=reading)
        return Client.local(catalogue.local)
    if catalogue.url is None:
        raise ConfigurationError(
            "It is not said which catalogue to use.",
            hint="Give --url (or SCITACEAN_URL) for a server, or --local for a folder of your own.",
        )
    transfer = _file_transfer(host)
    if catalogue.username is not None and catalogue.token_file is not None:
        raise ConfigurationError("Both --username and --token-file are given.", hint="Give one of them.")
    if catalogue.username is not None:
        return Client.from_credentials(
            url=catalogue.url,
            username=catalogue.username,
            password=_password(catalogue),
            file_transfer=transfer,
            allow_http=catalogue.allow_http,
        )
    token = _secret("SCITACEAN_TOKEN", catalogue.token_file)
    if token is not None:
        return Client.from_token(
            url=catalogue.url, token=token, file_transfer=transfer, allow_http=catalogue.allow_http
        )
    return Client.without_login(url=catalogue.url, file_transfer=transfer, allow_http=catalogue.allow_http)


def _check_local(folder: Path, host: HostOptions | None, *, reading: bool) -> None:
    if host is not None and (host.source_folder or host.path_prefixes or host.key_file or host.known_hosts):
        raise ConfigurationError(
            "Options of a file server are given together with --local, which keeps the files itself.",
            hint="Leave them out, or give --url instead of --local.",
        )
    if reading and not (folder / "catalogue").is_dir():
        raise ConfigurationError(
            f"There is no catalogue in the folder {folder}.", hint="Check the path for typing mistakes."
        )


def _file_transfer(host: HostOptions | None) -> FileTransfer | None:
    if host is None or host.host is None:
        return None
    from scitacean.transfer.ssh import SSHFileTransfer

    return SSHFileTransfer(
        host=host.host,
        port=host.port,
        username=host.username,
        password=_secret("SCITACEAN_SSH_PASSWORD", None),
        passphrase=_secret("SCITACEAN_SSH_PASSPHRASE", None),
        key_filename=None if host.key_file is None else str(host.key_file),
        known_hosts=host.known_hosts,
        source_folder=host.source_folder,
        path_prefixes=dict(_prefix(text) for text in host.path_prefixes),
        ask=_ask if sys.stdin.isatty() else None,
    )


def _ask(prompt: Prompt) -> str:
    # What the server sends may be meant to be obeyed by the terminal.
    for text in (f"Sign-in as {prompt.host}", prompt.title, prompt.instructions):
        if text.strip():
            typer.echo(printable(text), err=True)
    question = printable(prompt.text)
    answer: str = typer.prompt(
        question, hide_input=prompt.hidden, err=True, prompt_suffix="", default="", show_default=False
    )
    return answer


def _prefix(text: str) -> tuple[str, str]:
    catalogue, equals, host = text.partition("=")
    if not (catalogue and equals and host):
        raise ConfigurationError(
            f"{text!r} is no path prefix.", hint="It looks like --path-prefix /nfs/data=/data."
        )
    return catalogue, host


def _password(catalogue: CatalogueOptions) -> SecretStr:
    secret = _secret("SCITACEAN_PASSWORD", catalogue.password_file)
    if secret is not None:
        return secret
    if not sys.stdin.isatty():
        raise ConfigurationError(
            f"There is no password for {catalogue.username} and nobody to ask for it.",
            hint="Set SCITACEAN_PASSWORD or give --password-file.",
        )
    return SecretStr(typer.prompt(f"Password of {catalogue.username}", hide_input=True, err=True))


def _secret(variable: str, file: Path | None) -> SecretStr | None:
    if file is None:
        value = os.environ.get(variable)
        return SecretStr(value) if value else None
    return SecretStr(FileSecret(file).get_str())
