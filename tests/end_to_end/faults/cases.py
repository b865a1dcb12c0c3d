"""The matrix: every step of an upload or download, and every fault that can come there."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

import attrs

from scitacean.testing.faults import Place, on
from scitacean.testing.sshd import find_sshd
from tests.end_to_end.faults.disks import can_mount
from tests.end_to_end.faults.powers import permissions_count

SEED = 6
SHARE_IN_CI = 3

# Requests to the catalogue, in the order of the work.
UPLOAD_REQUESTS: Mapping[str, Place] = {
    "sign in": on("POST", "/api/v3/auth/login"),
    "who one is": on("GET", "/api/v3/users/my/self"),
    "isValid": on("POST", "/api/v4/datasets/isValid"),
    "look-up": on("GET", "/api/v4/datasets"),
    "dataset created": on("POST", "/api/v4/datasets"),
    "block created": on("POST", "/api/v4/origdatablocks"),
    "second block": on("POST", "/api/v4/origdatablocks", after=1),
    "attachment": on("POST", "/api/v3/datasets/*/attachments"),
    "last attachment": on("POST", "/api/v3/datasets/*/attachments", after=1),
    "look back": on("GET", "/api/v4/attachments"),
}
DOWNLOAD_REQUESTS: Mapping[str, Place] = {
    "get dataset": on("GET", "/api/v4/datasets/*"),
    "get blocks": on("GET", "/api/v4/origdatablocks"),
}
REQUESTS = {**UPLOAD_REQUESTS, **DOWNLOAD_REQUESTS}
ANSWERS = (
    "refused",
    "reset",
    "timeout",
    "500",
    "503, Retry-After",
    "401 expired",
    "401, a token",
    "403",
    "answer lost",
    "answer cut",
    "wrong JSON",
)
# These may be there still when it is tried again.
LASTING = ("refused", "reset", "timeout", "500", "503, Retry-After", "answer lost", "wrong JSON")
KILLED = ("killed before", "killed after")
# Until the dataset is there, what was done can be undone.
AFTER_CREATION = ("block created", "second block", "attachment", "last attachment", "look back")
# Reading alone: to repeat it changes nothing, so that a fault that lasts is worth no case.
READING = ("who one is", "look-up", "look back")

UPLOAD_TRANSFER: Mapping[str, tuple[str, ...]] = {
    "begin": ("disk full here", "denied here"),
    "connect": ("refused", "timeout", "killed before"),
    "folder made": (
        "cut",
        "cut for good",
        "timeout",
        "denied here",
        "denied there",
        "killed before",
        "Ctrl-C",
    ),
    "file moving": (
        "cut",
        "cut for good",
        "timeout",
        "disk full there",
        "denied there",
        "file vanishes",
        "file changes",
        "killed before",
        "Ctrl-C",
    ),
    "checksum there": (
        "cut",
        "cut for good",
        "timeout",
        "denied there",
        "damaged there",
        "killed before",
        "Ctrl-C",
    ),
    "rename there": (
        "cut",
        "cut for good",
        "timeout",
        "denied there",
        "name taken",
        "killed before",
        "Ctrl-C",
    ),
}
DOWNLOAD_TRANSFER: Mapping[str, tuple[str, ...]] = {
    "begin": ("denied here", "denied there", "file vanishes", "file changes"),
    "connect": ("refused", "timeout", "killed before"),
    "file fetched": (
        "cut",
        "cut for good",
        "timeout",
        "disk full here",
        "denied here",
        "file vanishes",
        "file changes",
        "killed before",
        "Ctrl-C",
    ),
    "verify here": ("cut for good", "file vanishes", "killed before", "Ctrl-C"),
    "rename here": ("denied here", "killed before", "Ctrl-C"),
}
# What a user or an administrator has to mend before it can go on: an upload is undone where it can be.
REFUSALS = (
    "403",
    "disk full here",
    "disk full there",
    "denied here",
    "denied there",
    "file vanishes",
    "file changes",
    "damaged there",
    "name taken",
)


@attrs.frozen(kw_only=True)
class Case:
    """One fault at one step.

    Attributes
    ----------
    work:
        "upload", "resume" or "download".
    step:
        Where.
    fault:
        What.
    lasting:
        Whether it is there again each time this step is tried.
    after:
        How often the step is done before, for one of the transfer; None for as often as is worth most.
    """

    work: str
    step: str
    fault: str
    lasting: bool = False
    after: int | None = None

    def __str__(self) -> str:
        return ", ".join([self.work, self.step, self.fault, *["lasting"] * self.lasting])

    @property
    def slug(self) -> str:
        """A name for folders and datasets."""
        return "".join(one if one.isalnum() else "-" for one in str(self))

    @property
    def requests(self) -> Place | None:
        """The requests that the fault is for; None for one of the transfer."""
        place = REQUESTS.get(self.step)
        return None if place is None else attrs.evolve(place, times=None if self.lasting else 1)

    @property
    def is_deadly(self) -> bool:
        return self.fault in KILLED

    @property
    def outcomes(self) -> set[str]:
        """How it may end."""
        if self.work == "download":
            return {"done", "undone", "kept"}
        if self.step in AFTER_CREATION:
            return {"kept"} if self.fault == "403" or self.is_deadly else {"done", "kept"}
        if self.step in ("sign in", "who one is"):
            # Of two ways to sign in, one may be refused; and not all servers say who one is.
            return {"done", "undone"}
        if self.fault in REFUSALS:
            # Where nothing may be written, nothing can be removed.
            return {"undone", "kept"} if self.fault == "denied there" else {"undone"}
        if self.step in ("isValid", "look-up", "connect", "begin"):
            return {"done", "undone", "kept"}
        if self.fault == "damaged there":
            return {"done", "undone"}
        return {"done", "kept"} if self.step == "dataset created" else {"done", "kept", "undone"}


def all_cases() -> list[Case]:
    """Return all cases that can be brought about on this machine."""
    return [case for case in _cases() if _is_possible(case)]


def chosen_cases(*, nightly: bool) -> list[Case]:
    """Return all cases, or a third of them that is the same each time."""
    cases = all_cases()
    if nightly:
        return cases
    chosen = set(random.Random(SEED).sample(range(len(cases)), len(cases) // SHARE_IN_CI))
    return [case for number, case in enumerate(cases) if number in chosen]


def _cases() -> Iterator[Case]:
    for step in UPLOAD_REQUESTS:
        yield from _of_requests("upload", step)
        for fault in KILLED:
            yield Case(work="upload", step=step, fault=fault)
    for step, faults in UPLOAD_TRANSFER.items():
        for fault in faults:
            yield Case(work="upload", step=step, fault=fault)
    for step in DOWNLOAD_REQUESTS:
        yield from _of_requests("download", step)
    for step, faults in DOWNLOAD_TRANSFER.items():
        for fault in faults:
            yield Case(work="download", step=step, fault=fault)


def _of_requests(work: str, step: str) -> Iterator[Case]:
    for fault in ANSWERS:
        # To sign in is to have no token yet.
        if step == "sign in" and fault.startswith("401"):
            continue
        yield Case(work=work, step=step, fault=fault)
        if fault in LASTING and step not in READING:
            yield Case(work=work, step=step, fault=fault, lasting=True)


def _is_possible(case: Case) -> bool:
    if case.fault.startswith("disk full"):
        return can_mount()
    if case.fault.startswith("denied"):
        return permissions_count() and find_sshd() is not None
    return True
