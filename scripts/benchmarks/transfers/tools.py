"""The tools that are compared: each transfers a folder as one process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from attrs import frozen

from transfers.place import Place
from transfers.workload import digests_of

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent.parent.parent


class ToolError(Exception):
    """A tool did not do what it was asked; the message has its command and what it said."""


@frozen
class Task:
    """One transfer.

    Attributes
    ----------
    place:
        Server and clients' files.
    link:
        Name of the link to use.
    direction:
        ``down`` or ``up``.
    source:
        Folder of files on the one side.
    target:
        Folder of the same name, to be made on the other.
    """

    place: Place
    link: str
    direction: str
    source: Path
    target: Path


@frozen
class Run:
    """How a transfer went.

    Attributes
    ----------
    seconds:
        What counts: of the whole command, or within a library from connecting to the end.
    command_seconds:
        Of the whole command, with the start of the process.
    memory:
        Most memory of the process in bytes, None where it was not measured.
    """

    seconds: float
    command_seconds: float
    memory: int | None = None


class Tool(Protocol):
    """Transfers folders."""

    @property
    def name(self) -> str:
        """As the table has it."""

    def run(self, task: Task) -> Run:
        """Transfer a folder.

        Raises
        ------
        ToolError
            If it did not.
        """


@frozen
class Sftp:
    """OpenSSH's ``sftp`` with its defaults."""

    name: str = "sftp"

    def run(self, task: Task) -> Run:
        """Get or put the folder with a batch of one command."""
        verb = "get" if task.direction == "down" else "put"
        batch = f'{verb} -r "{task.source}" "{task.target.parent}/"\n'
        return _run(["sftp", "-q", "-F", task.place.ssh_config(task.link), "-b", "-", "bench"], batch)


@frozen
class Scp:
    """OpenSSH's ``scp`` with its defaults."""

    name: str = "scp"

    def run(self, task: Task) -> Run:
        """Copy the folder."""
        source, target = _sides(task)
        return _run(["scp", "-q", "-r", "-F", task.place.ssh_config(task.link), source, target])


@frozen
class Rsync:
    """``rsync`` over ``ssh``: whole files, without compression."""

    name: str = "rsync"

    def run(self, task: Task) -> Run:
        """Copy the folder."""
        source, target = _sides(task)
        shell = f"ssh -F {task.place.ssh_config(task.link)}"
        return _run(["rsync", "-a", "--whole-file", "--no-compress", "-e", shell, source, target])


@frozen
class Ours:
    """The transfer of this project.

    Attributes
    ----------
    verify:
        ``size`` or ``checksum``.
    """

    verify: str

    @property
    def name(self) -> str:
        """As the table has it."""
        return f"ours, {self.verify}"

    def run(self, task: Task) -> Run:
        """Transfer the folder in a new process."""
        path = os.pathsep.join([str(_ROOT), str(_ROOT / "generated")])
        return _run_python(sys.executable, _HERE / "ours.py", task, {"PYTHONPATH": path}, self.verify)


@frozen
class Earlier:
    """scitacean 26.10.

    Attributes
    ----------
    python:
        Python of an environment that has it.
    """

    python: str
    name: str = "scitacean 26.10"

    def run(self, task: Task) -> Run:
        """Transfer the folder in a new process."""
        environment = {"HOME": str(task.place.home), "PYTHONPATH": ""}
        return _run_python(self.python, _HERE / "earlier.py", task, environment, "size")


def _sides(task: Task) -> tuple[str, str]:
    source, target = str(task.source), f"{task.target.parent}/"
    return (f"bench:{source}", target) if task.direction == "down" else (source, f"bench:{target}")


def _run_python(python: str, script: Path, task: Task, environment: Mapping[str, str], verify: str) -> Run:
    job = {
        "host": "127.0.0.1",
        "port": task.place.ports[task.link],
        "username": task.place.username,
        "key_file": str(task.place.key_file),
        "known_hosts": str(task.place.known_hosts),
        "direction": task.direction,
        "source": str(task.source),
        "target": str(task.target),
        "digests": str(digests_of(task.source)),
        "verify": verify,
    }
    begin = time.perf_counter()
    output = _output([python, script], json.dumps(job), environment)
    command_seconds = time.perf_counter() - begin
    said = json.loads(output)
    return Run(said["seconds"], command_seconds, said.get("memory"))


def _run(command: Sequence[str | Path], given: str = "") -> Run:
    begin = time.perf_counter()
    _output(command, given, {})
    seconds = time.perf_counter() - begin
    return Run(seconds, seconds)


def _output(command: Sequence[str | Path], given: str, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )
    if done.returncode:
        shown = " ".join(map(str, command))
        raise ToolError(f"{shown} failed with status {done.returncode}:\n{done.stderr.strip()[-2000:]}")
    return done.stdout


def missing_programs(names: Sequence[str]) -> list[str]:
    """Return which programs are not installed."""
    return [name for name in names if shutil.which(name) is None]
