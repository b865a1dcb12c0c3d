"""A process that does the work of a case until it is killed: ``python -m tests.end_to_end.faults.child``."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from tests.end_to_end.faults.moments import at
from tests.end_to_end.faults.place import WORK, Place


def main(work: str, moment: str, place: Place) -> None:
    """Do the work and die at a moment; at none, somebody else kills this process."""

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def run() -> None:
        with place.client() as client:
            WORK[work](place, client, None)

    if moment == "any":
        run()
        return
    with at(moment, die, folder=Path(place.target)) as event, place.client() as client:
        WORK[work](place, client, event.on_progress)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Place.from_json(sys.argv[3]))
