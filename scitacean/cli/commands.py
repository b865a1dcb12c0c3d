"""The commands: upload, resume, show, find, download, serve."""

from __future__ import annotations

import json
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Annotated

import attrs
import typer
from rich.console import Console

from scitacean._version import __version__
from scitacean.cli.connect import CatalogueOptions, HostOptions, make_client
from scitacean.cli.interrupts import interrupts_explained
from scitacean.cli.metadata import make_dataset
from scitacean.cli.outcomes import (
    only_journal,
    plan_text,
    refuse_no_files,
    unfinished_text,
    uploaded_text,
)
from scitacean.cli.serve import serve_until_stopped
from scitacean.display.progress import progress_bar
from scitacean.display.table import datasets_table, fields_table, files_table
from scitacean.model.dataset import Dataset
from scitacean.workflow.download_plan import has_checksum
from scitacean.workflow.find import find_datasets
from scitacean.workflow.select import FileSelector
from scitacean.workflow.unfinished import unfinished_uploads


class ExistingChoice(Enum):
    """What to do about files that are there, as options of a command."""

    REFRESH = "refresh"
    SKIP = "skip"
    OVERWRITE = "overwrite"
    ERROR = "error"


app = typer.Typer(
    name="scitacean",
    help="Move datasets, metadata and files, into and out of the SciCat catalogue.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_out = Console()
_err = Console(stderr=True)
_WIDTH_IN_FILES = 160

Url = Annotated[str | None, typer.Option(envvar="SCITACEAN_URL", help="URL of the catalogue.")]
Username = Annotated[
    str | None, typer.Option(envvar="SCITACEAN_USERNAME", help="User name; SCITACEAN_PASSWORD or a prompt.")
]
PasswordFile = Annotated[Path | None, typer.Option(help="File with the password.")]
TokenFile = Annotated[Path | None, typer.Option(help="File with a token; else SCITACEAN_TOKEN.")]
Local = Annotated[Path | None, typer.Option(help="Folder with a catalogue of your own.")]
AllowHttp = Annotated[bool, typer.Option("--allow-http", help="Allow plain http to other machines.")]
Host = Annotated[str | None, typer.Option(envvar="SCITACEAN_SSH_HOST", help="File server, over SSH.")]
Port = Annotated[
    int | None,
    typer.Option(envvar="SCITACEAN_SSH_PORT", min=1, max=65535, help="Port of the file server."),
]
SshUsername = Annotated[
    str | None,
    typer.Option(envvar="SCITACEAN_SSH_USERNAME", help="User name there; SCITACEAN_SSH_PASSWORD."),
]
KeyFile = Annotated[Path | None, typer.Option(help="Private key; SCITACEAN_SSH_PASSPHRASE.")]
KnownHosts = Annotated[Path | None, typer.Option(help="Known host keys instead of ~/.ssh/known_hosts.")]
PathPrefix = Annotated[
    list[str] | None,
    typer.Option(help="CATALOGUE=HOST: a folder of the catalogue that is another one on the host."),
]
SourceFolder = Annotated[
    str | None, typer.Option(help="Folder on the file server: /data/{owner_group}/{name}, {uid}, ...")
]

JournalFile = Annotated[
    Path | None, typer.Option("--journal", help="File that notes what is done, until all is.")
]


@app.callback(invoke_without_command=True)
def options(
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Move datasets, metadata and files, into and out of the SciCat catalogue."""
    if version:
        _out.print(f"scitacean {__version__}", highlight=False)
        raise typer.Exit


@app.command()
def upload(
    paths: Annotated[list[Path], typer.Argument(help="Files, and folders with all that is in them.")],
    name: Annotated[str | None, typer.Option(help="Name of the dataset.")] = None,
    owner_group: Annotated[str | None, typer.Option(help="Group that owns it.")] = None,
    owner: Annotated[str | None, typer.Option(help="Person who owns it.")] = None,
    contact_email: Annotated[str | None, typer.Option(help="Whom to ask about it.")] = None,
    dataset_type: Annotated[
        str | None, typer.Option("--type", help="raw, derived, or a type of your facility.")
    ] = None,
    metadata: Annotated[Path | None, typer.Option(help="TOML or JSON file with more fields.")] = None,
    source_folder: SourceFolder = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and what would make it fail.")
    ] = False,
    journal: JournalFile = None,
    url: Url = None,
    username: Username = None,
    password_file: PasswordFile = None,
    token_file: TokenFile = None,
    local: Local = None,
    allow_http: AllowHttp = False,
    host: Host = None,
    port: Port = None,
    ssh_username: SshUsername = None,
    key_file: KeyFile = None,
    known_hosts: KnownHosts = None,
    path_prefix: PathPrefix = None,
) -> None:
    """Upload files as a new dataset; prints its PID."""
    dataset = make_dataset(
        metadata,
        {
            "name": name,
            "owner_group": owner_group,
            "owner": owner,
            "contact_email": contact_email,
            "type": dataset_type,
        },
    )
    dataset.add_local_files(*paths)
    catalogue = CatalogueOptions(
        url=url,
        username=username,
        password_file=password_file,
        token_file=token_file,
        local=local,
        allow_http=allow_http,
    )
    server = HostOptions(
        host=host,
        port=port,
        username=ssh_username,
        key_file=key_file,
        known_hosts=known_hosts,
        path_prefixes=path_prefix or [],
        source_folder=source_folder,
    )
    if dry_run:
        with make_client(catalogue, server) as client:
            refuse_no_files(dataset, paths)
            plan = client.plan_upload(dataset, journal=journal)
        _out.print(plan_text(plan), highlight=False, markup=False, soft_wrap=True)
        raise typer.Exit(1 if plan.problems else 0)
    undone = interrupts_explained("upload", "Nothing was sent.")
    with make_client(catalogue, server) as client, progress_bar(_err) as bar, undone:
        refuse_no_files(dataset, paths)
        uploaded = client.upload_new_dataset_now(dataset, on_progress=bar, journal=journal)
    _out.print(uploaded_text(uploaded), highlight=False, markup=False, soft_wrap=True)


@app.command()
def resume(
    journal: Annotated[
        Path | None, typer.Argument(help="Journal of the upload; by default the only one there is.")
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List uploads that are not finished.")] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Undo it instead: remove its files and its dataset.")
    ] = False,
    source_folder: SourceFolder = None,
    url: Url = None,
    username: Username = None,
    password_file: PasswordFile = None,
    token_file: TokenFile = None,
    local: Local = None,
    allow_http: AllowHttp = False,
    host: Host = None,
    port: Port = None,
    ssh_username: SshUsername = None,
    key_file: KeyFile = None,
    known_hosts: KnownHosts = None,
    path_prefix: PathPrefix = None,
) -> None:
    """Go on with an upload that was interrupted, or undo it."""
    if list_all:
        _out.print(unfinished_text(unfinished_uploads()), highlight=False, markup=False, soft_wrap=True)
        return
    catalogue = CatalogueOptions(
        url=url,
        username=username,
        password_file=password_file,
        token_file=token_file,
        local=local,
        allow_http=allow_http,
    )
    server = HostOptions(
        host=host,
        port=port,
        username=ssh_username,
        key_file=key_file,
        known_hosts=known_hosts,
        path_prefixes=path_prefix or [],
        source_folder=source_folder,
    )
    if discard:
        with make_client(catalogue, server) as client:
            client.discard_upload(journal or only_journal(client.unfinished_uploads()))
        _out.print("The upload was undone.", highlight=False, markup=False)
        return
    kept = interrupts_explained("upload", "Its journal stays: run this again to go on.")
    with make_client(catalogue, server) as client, progress_bar(_err) as bar, kept:
        path = journal or only_journal(client.unfinished_uploads())
        uploaded = client.resume_upload(path, on_progress=bar)
    _out.print(uploaded_text(uploaded), highlight=False, markup=False, soft_wrap=True)


@app.command()
def show(
    pid: Annotated[str, typer.Argument(help="Identifier of the dataset, with its prefix.")],
    url: Url = None,
    username: Username = None,
    password_file: PasswordFile = None,
    token_file: TokenFile = None,
    local: Local = None,
    allow_http: AllowHttp = False,
) -> None:
    """Show a dataset and its files."""
    catalogue = CatalogueOptions(
        url=url,
        username=username,
        password_file=password_file,
        token_file=token_file,
        local=local,
        allow_http=allow_http,
    )
    with make_client(catalogue, reading=True) as client:
        dataset = client.get_dataset(pid)
    _out.print(fields_table(f"Dataset {dataset.pid}", _shown_fields(dataset)))
    _out.print(files_table((file.remote_path.posix, file.size) for file in dataset.files))


@app.command()
def find(
    text: Annotated[
        str | None, typer.Argument(help="A part of the name, description, owner, PID or a keyword.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="A part of the name.")] = None,
    owner_group: Annotated[str | None, typer.Option(help="Group that owns it.")] = None,
    dataset_type: Annotated[str | None, typer.Option("--type", help="raw, derived, ...")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many to show at most.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    url: Url = None,
    username: Username = None,
    password_file: PasswordFile = None,
    token_file: TokenFile = None,
    local: Local = None,
    allow_http: AllowHttp = False,
) -> None:
    """Find datasets, the latest first."""
    catalogue = CatalogueOptions(
        url=url,
        username=username,
        password_file=password_file,
        token_file=token_file,
        local=local,
        allow_http=allow_http,
    )
    with make_client(catalogue, reading=True) as client:
        found = find_datasets(
            client.scicat,
            text=text,
            name=name,
            owner_group=owner_group,
            dataset_type=dataset_type,
            limit=limit,
        )
    if as_json:
        typer.echo(json.dumps([attrs.asdict(one) for one in found], indent=2, default=datetime.isoformat))
    elif found:
        # What is not read on a screen need not be as narrow as one.
        out = _out if _out.is_terminal else Console(width=_WIDTH_IN_FILES)
        out.print(datasets_table((one.pid, one.name, one.creation_time, one.size) for one in found))
    else:
        _err.print("No dataset that you may see is like that.", highlight=False)


@app.command()
def download(
    pid: Annotated[str, typer.Argument(help="Identifier of the dataset, with its prefix.")],
    target: Annotated[Path, typer.Argument(help="Folder to put the files into.")],
    select: Annotated[
        list[str] | None, typer.Option(help="Path of a file in the dataset; may be repeated.")
    ] = None,
    flatten: Annotated[bool, typer.Option("--flatten", help="Leave out the folders of the dataset.")] = False,
    existing: Annotated[
        ExistingChoice | None,
        typer.Option(help="What to do about files that are there: download those that differ, and so on."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="The same as --existing overwrite.")] = False,
    attachments: Annotated[
        bool, typer.Option("--attachments", help="Write the pictures of its attachments there, too.")
    ] = False,
    url: Url = None,
    username: Username = None,
    password_file: PasswordFile = None,
    token_file: TokenFile = None,
    local: Local = None,
    allow_http: AllowHttp = False,
    host: Host = None,
    port: Port = None,
    ssh_username: SshUsername = None,
    key_file: KeyFile = None,
    known_hosts: KnownHosts = None,
    path_prefix: PathPrefix = None,
) -> None:
    """Download the files of a dataset and check every byte."""
    catalogue = CatalogueOptions(
        url=url,
        username=username,
        password_file=password_file,
        token_file=token_file,
        local=local,
        allow_http=allow_http,
    )
    server = HostOptions(
        host=host,
        port=port,
        username=ssh_username,
        key_file=key_file,
        known_hosts=known_hosts,
        path_prefixes=path_prefix or [],
        source_folder=None,
    )
    chosen: FileSelector = list(select) if select else True
    with make_client(catalogue, server, reading=True) as client:
        dataset = client.get_dataset(pid)
        complete = interrupts_explained(
            "download", "Complete files are in place; repeat the command to go on with the others."
        )
        with progress_bar(_err) as bar, complete:
            downloaded = client.download_files(
                dataset,
                target=target,
                select=chosen,
                flatten=flatten,
                existing=None if existing is None else existing.value,
                force=force,
                on_progress=bar,
            )
            pictures = client.download_attachment_files(dataset, target=target) if attachments else []
    there = [file for file in downloaded.files if file.is_on_local]
    by_size = sum(not has_checksum(file) for file in there)
    verified = f"verified ({by_size} of them by size only)" if by_size else "verified"
    if existing is ExistingChoice.SKIP:
        verified = "those verified that were not there before"
    _out.print(
        f"{len(there)} files, {sum(file.size for file in there):,} bytes, {verified}, are in {target}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    if attachments:
        _out.print(
            f"{len(pictures)} attachments are in {target}", highlight=False, markup=False, soft_wrap=True
        )


@app.command()
def serve(
    folder: Annotated[
        Path | None, typer.Option(help="Keep the catalogue here; else it is gone in the end.")
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 for any that is free.")] = 0,
    accounts: Annotated[Path | None, typer.Option(help="JSON file with users, groups and rights.")] = None,
    server: Annotated[
        str | None, typer.Option(help="Version of SciCat to behave like, 4.27 for example.")
    ] = None,
) -> None:
    """Serve a catalogue of your own on this machine, until stopped with Ctrl-C."""
    serve_until_stopped(folder=folder, port=port, accounts=accounts, server=server)


def _shown_fields(dataset: Dataset) -> list[tuple[str, object]]:
    fields = [(name, value) for name, value in dataset.items() if name not in ("pid", "lifecycle")]
    return [*fields, ("number_of_files", dataset.number_of_files), ("size", f"{dataset.size:,} bytes")]
