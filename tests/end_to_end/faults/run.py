"""Running one case: the work with its fault, what it left, and the work gone on with when all is well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from scitacean import Client
from scitacean.testing import faults as broken
from scitacean.testing.client import FakeClient
from scitacean.testing.faults import Fault
from scitacean.workflow.progress import OnProgress
from tests.end_to_end.faults.cases import Case
from tests.end_to_end.faults.checks import (
    check_is_complete,
    check_is_downloaded,
    check_stopped_download,
    check_stopped_upload,
    look,
)
from tests.end_to_end.faults.harm import Harm
from tests.end_to_end.faults.moments import at
from tests.end_to_end.faults.place import PATIENCE_SECONDS, RETRY_SECONDS, USERNAME, WORK, Place
from tests.end_to_end.faults.powers import as_anybody
from tests.end_to_end.faults.servers import ClosedDoor, Servers, kill, reset_before

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_IMPATIENT_SECONDS = 1.0
_PROCESS_SECONDS = 120.0

MakeClient = Callable[[], Client]


def do_work(
    work: str, place: Place, make_client: MakeClient, on_progress: OnProgress | None = None
) -> BaseException | None:
    """Do the work with a new client; return what it raised, None for nothing."""
    try:
        with make_client() as client:
            WORK[work](place, client, on_progress)
    except BaseException as error:  # noqa: BLE001 - what it is, is what is tested
        return error
    return None


@attrs.define(eq=False)
class Attempt:
    """One attempt at the work of a case, in which its fault comes.

    Attributes
    ----------
    case, place, servers:
        What, where, and what is broken.
    came:
        How often the fault has come.
    process:
        The process that is to be killed.
    """

    case: Case
    place: Place
    servers: Servers
    came: int = 0
    process: subprocess.Popen[bytes] | None = None

    def run(self, harm: Harm) -> BaseException | None:
        """Do the work; return what it raised, None for nothing."""
        with self._broken(harm) as (make_client, on_progress):
            if self.case.is_deadly:
                self._run_child()
                return None
            return as_anybody(lambda: do_work(self.case.work, self.place, make_client, on_progress))

    def _run_child(self) -> None:
        moment = "any" if self.case.requests is not None else self._moment
        arguments = ["-m", "tests.end_to_end.faults.child", self.case.work, moment, self.place.to_json()]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        root = Path(__file__).parents[3]
        with subprocess.Popen([sys.executable, *arguments], cwd=root, env=environment) as self.process:
            # Requests wait until this process is known.
            code = self.process.wait(_PROCESS_SECONDS)
        assert code == -signal.SIGKILL, f"the process ended with {code} before it was killed"
        self.came += 1

    @property
    def _moment(self) -> str:
        return "let in" if self.case.step == "connect" else self.case.step

    @contextmanager
    def _broken(self, harm: Harm) -> Iterator[tuple[MakeClient, OnProgress | None]]:
        case, place = self.case, self.place
        if case.requests is not None:
            yield self._break_requests(case.requests), None
            return
        patience = 2 * _IMPATIENT_SECONDS if case.fault == "timeout" else PATIENCE_SECONDS

        def make_client() -> Client:
            return place.client(host_timeout=patience)

        if case.is_deadly:
            yield make_client, None
        elif case.step in ("begin", "connect"):
            harm.act()
            self.came += 1
            yield make_client, None
        else:
            with at(case.step, harm.act, folder=Path(place.target), after=case.after) as event:
                yield make_client, event.on_progress
            self.came += event.happened

    def _break_requests(self, requests: broken.Place) -> MakeClient:
        fault, place = self.case.fault, self.place
        if fault == "refused":
            return self._behind_closed_door(requests)
        self.servers.faults.add(requests, self._noted(self._fault_of(fault)))
        if fault == "timeout":
            return lambda: place.client(timeout=_IMPATIENT_SECONDS)
        if fault == "401, a token":
            return self._with_token
        return place.client

    def _fault_of(self, name: str) -> Fault:
        make: dict[str, Callable[[], Fault]] = {
            "reset": reset_before,
            "timeout": self.servers.hold,
            "500": lambda: broken.status(500),
            "503, Retry-After": lambda: broken.status(503, {"Retry-After": "1"}),
            "401 expired": broken.expire_token,
            "401, a token": broken.expire_token,
            "403": lambda: broken.status(403),
            "answer lost": broken.lose_answer,
            "answer cut": broken.truncate,
            "wrong JSON": broken.wrong_json,
            "killed before": lambda: kill(self._process_id, done=False),
            "killed after": lambda: kill(self._process_id, done=True),
        }
        return make[name]()

    def _process_id(self) -> int:
        assert self.process is not None
        return self.process.pid

    def _noted(self, fault: Fault) -> Fault:
        def noting(application: WSGIApplication) -> WSGIApplication:
            faulty = fault(application)

            def noted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
                self.came += 1
                return faulty(environ, start_response)

            return noted

        return noting

    def _behind_closed_door(self, requests: broken.Place) -> MakeClient:
        def make() -> Client:
            attempt = self

            class Door(ClosedDoor):
                def close(self) -> None:
                    attempt.came += self.refused
                    super().close()

            return self.place.client(transport=Door(requests))

        return make

    def _with_token(self) -> Client:
        token = self.servers.catalogue.token_for(USERNAME)
        return Client.from_token(
            url=self.place.url, token=token, file_transfer=self.place.transfer(), retry_for=RETRY_SECONDS
        )


def run_case(case: Case, place: Place, servers: Servers, catalogue: FakeClient) -> str:
    """Run a case and check that nothing is lost, half done or there twice, in between and in the end.

    Returns
    -------
    :
        "done", although the fault came; "undone", with nothing left; or "kept", and done by going on.
    """
    harm = Harm(case, place, servers)
    attempt = Attempt(case, place, servers)
    with ExitStack() as stack:
        stack.enter_context(harm.disks())
        stack.callback(harm.mend)
        error = attempt.run(harm)
        assert attempt.came, "the fault did not come"
        check = _check_upload if case.work == "upload" else _check_download
        outcome = check(case, harm, error, catalogue)
    assert outcome in case.outcomes, f"{outcome}: {error!r}"
    return outcome


def _check_upload(case: Case, harm: Harm, error: BaseException | None, catalogue: FakeClient) -> str:
    place = harm.place
    found = look(place, catalogue)
    if error is None and not case.is_deadly:
        check_is_complete(found, place)
        return "done"
    outcome = check_stopped_upload(found, error, foreign=harm.foreign)
    harm.mend()
    with place.client() as client:
        if outcome == "kept" and len(str(case)) % 2:
            client.resume_upload(found.journals[0])
        else:
            WORK["upload"](place, client, None)
    check_is_complete(look(place, catalogue), place)
    return outcome


def _check_download(case: Case, harm: Harm, error: BaseException | None, _catalogue: FakeClient) -> str:
    place = harm.place
    if error is None and not case.is_deadly:
        check_is_downloaded(place)
        return "done"
    outcome = check_stopped_download(place, error)
    harm.mend()
    with place.client() as client:
        WORK["download"](place, client, None)
    check_is_downloaded(place)
    return outcome
