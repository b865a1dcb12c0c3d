"""What happens to files, disks and connections in a case, and how it is mended afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from tests.end_to_end.faults.cases import Case
from tests.end_to_end.faults.checks import PARTIAL
from tests.end_to_end.faults.disks import fill, make_room, small_disk
from tests.end_to_end.faults.place import CONTENT, Place, tree, write
from tests.end_to_end.faults.servers import Servers

OTHER = b"not ours"


@attrs.frozen
class Harm:
    """The harm of one case.

    Attributes
    ----------
    case, place, servers:
        What, where, and what else is there.
    """

    case: Case
    place: Place
    servers: Servers

    @property
    def act(self) -> Callable[[], object]:
        """What happens when the moment is there."""
        files = self.servers.files
        acts: Mapping[str, Callable[[], object]] = {
            "cut": files.kill_connections,
            "cut for good": self._cut_for_good,
            "refused": files.refuse_connections,
            "timeout": files.freeze,
            "disk full here": lambda: fill(self._here),
            "disk full there": lambda: fill(Path(self.place.served)),
            "denied here": self._deny_here,
            "denied there": self._deny_there,
            "file vanishes": self._vanish,
            "file changes": self._change,
            "damaged there": lambda: _damage(self.place.source_folder),
            "name taken": lambda: write(self.place.source_folder, self.foreign),
            "Ctrl-C": _interrupt,
        }
        return acts[self.case.fault]

    @property
    def foreign(self) -> Mapping[str, bytes]:
        """Files that somebody else puts into the folder of the dataset."""
        return {"sub/empty": OTHER} if self.case.fault == "name taken" else {}

    @contextmanager
    def disks(self) -> Iterator[None]:
        """Have small disks where one will be full."""
        with ExitStack() as stack:
            if self.case.fault == "disk full here":
                stack.enter_context(small_disk(self._here))
            elif self.case.fault == "disk full there":
                stack.enter_context(small_disk(Path(self.place.served)))
            yield

    def mend(self) -> None:
        """Let everything be as it was, but for what the client itself has made."""
        place = self.place
        self.servers.heal()
        for folder in (place.state, place.target, place.local, place.served):
            _allow(Path(folder))
            make_room(Path(folder))
        if self.case.work == "upload":
            _restore(Path(place.local))
            for name in self.foreign:
                (place.source_folder / name).unlink(missing_ok=True)
        else:
            _restore(place.source_folder)

    @property
    def _here(self) -> Path:
        return Path(self.place.state if self.case.work == "upload" else self.place.target)

    @property
    def _given(self) -> Path:
        """Where the files are that are to be moved."""
        return Path(self.place.local) if self.case.work == "upload" else self.place.source_folder

    def _cut_for_good(self) -> None:
        self.servers.files.refuse_connections()
        self.servers.files.kill_connections()

    def _deny_here(self) -> None:
        if self.case.work == "download":
            _set_modes(Path(self.place.target), folders=0o555)
        elif self.case.step == "begin":
            Path(self.place.state).chmod(0o555)
        else:
            _set_modes(self._given, files=0)

    def _deny_there(self) -> None:
        if self.case.work == "download" or self.case.step == "checksum there":
            _set_modes(self.place.source_folder, files=0)
        else:
            _set_modes(Path(self.place.served), folders=0o555)

    def _vanish(self) -> None:
        folder = Path(self.place.target) if self.case.step == "verify here" else self._given
        for path in _files(folder):
            path.unlink()

    def _change(self) -> None:
        path = self._given / "a.dat"
        path.write_bytes(path.read_bytes()[::-1])
        os.utime(path, (2_000_000_000, 2_000_000_000))


def _interrupt() -> None:
    raise KeyboardInterrupt


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def _damage(folder: Path) -> None:
    for path in _files(folder):
        if PARTIAL in path.name and (content := path.read_bytes()):
            path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))


def _set_modes(folder: Path, *, folders: int | None = None, files: int | None = None) -> None:
    for path in [folder, *folder.rglob("*")]:
        mode = folders if path.is_dir() else files
        if mode is not None:
            path.chmod(mode)


def _allow(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _restore(folder: Path) -> None:
    # What is as it was keeps its time: it counts as changed otherwise.
    there = tree(folder)
    write(folder, {name: content for name, content in CONTENT.items() if there.get(name) != content})
