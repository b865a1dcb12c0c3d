"""The main job, shown: the command ``scitacean`` uploads a folder over SSH, finds it, downloads it again.

``scripts/quickstart.py`` runs this in ``.venv``. The catalogue is a real process and the file server a real
SSH server, both on this machine and gone in the end.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from scitacean.testing.running_ssh import RunningSSHServer
from scitacean.testing.ssh_server import ssh_server

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "powder-scan"
METADATA = ROOT / "examples" / "powder-scan.toml"
USERNAME = PASSWORD = "me"
READY = "ready at "
SECONDS = 60


class TourError(Exception):
    """A step did not do what it should; the message says which and why."""


def main() -> int:
    """Run the tour; return its exit status."""
    try:
        with TemporaryDirectory(prefix="scitacean-tour-") as folder, _services(Path(folder)) as services:
            _tour(Path(folder), *services)
    except TourError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _tour(folder: Path, url: str, server: RunningSSHServer) -> None:
    catalogue = ["--url", url, "--username", USERNAME]
    host = ["--host", server.host, "--port", str(server.port), "--ssh-username", server.username]
    keys = ["--key-file", str(server.key_file), "--known-hosts", str(server.known_hosts)]
    source = ["--source-folder", f"{server.root.as_posix()}/{{owner_group}}/{{uid}}"]

    print(f"\n1. upload {EXAMPLE.relative_to(ROOT)} over SSH to {server.host}:{server.port}")
    said = _scitacean("upload", str(EXAMPLE), "--metadata", str(METADATA), *catalogue, *host, *keys, *source)
    pid = said.split()[-1]

    print(f"\n2. show {pid}")
    _scitacean("show", pid, *catalogue)

    print(f"\n3. download {pid}")
    target = folder / "downloaded"
    _scitacean("download", pid, str(target), *catalogue, *host, *keys)

    sizes = compare(EXAMPLE, target)
    uploaded = next(path for path in server.root.glob("*/*") if path.is_dir())
    compare(EXAMPLE, uploaded)
    print(
        f"\nuploaded   {len(sizes)} files, {sum(sizes.values()):,} bytes"
        f"\nwhere      {server.username}@{server.host}:{server.port} over SSH, folder {uploaded}"
        f"\ncatalogue  {url}"
        f"\nPID        {pid}"
        f"\nverified   every byte that came back is the one that was sent"
    )


def compare(sent: Path, received: Path) -> Mapping[str, int]:
    """Compare two folders byte by byte and return the sizes of the files.

    Parameters
    ----------
    sent, received:
        The folders.

    Raises
    ------
    TourError
        If they differ.
    """
    contents = [
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        for folder in (sent, received)
    ]
    if contents[0] != contents[1]:
        names = sorted({name for name, _ in contents[0].items() ^ contents[1].items()})
        raise TourError(f"{received} differs from {sent} in: {', '.join(names)}")
    return {name: len(content) for name, content in contents[0].items()}


@contextmanager
def _services(folder: Path) -> Iterator[tuple[str, RunningSSHServer]]:
    """Run a catalogue and a file server; return the catalogue's URL and the file server."""
    files = folder / "files"
    files.mkdir()
    with ssh_server(files) as server, _catalogue() as url:
        yield url, server


@contextmanager
def _catalogue() -> Iterator[str]:
    with subprocess.Popen([_command(), "serve"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            lines = (line.rstrip() for line in process.stdout)
            url = next((line.removeprefix(READY) for line in lines if line.startswith(READY)), None)
            if url is None:
                raise TourError("`scitacean serve` ended before it was ready.")
            yield url
        finally:
            process.terminate()


def _scitacean(*arguments: str) -> str:
    """Run the command, print what it prints and return it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SCITACEAN_")}
    done = subprocess.run(
        [_command(), *arguments],
        env={**environment, "SCITACEAN_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    print(done.stdout.rstrip(), flush=True)
    if done.returncode != 0:
        raise TourError(f"`scitacean {arguments[0]}` failed with exit status {done.returncode}.")
    return done.stdout


def _command() -> Path:
    return Path(sys.executable).parent / ("scitacean.exe" if os.name == "nt" else "scitacean")


if __name__ == "__main__":
    sys.exit(main())
