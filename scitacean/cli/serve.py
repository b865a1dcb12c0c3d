"""Serving the embedded catalogue until somebody stops it."""

from __future__ import annotations

import threading
from pathlib import Path
from types import FrameType

from scitacean.cli.interrupts import handling
from scitacean.errors import ConfigurationError


def serve_until_stopped(
    *, folder: Path | None, port: int, accounts: Path | None, server: str | None = None
) -> None:
    """Serve a catalogue on this machine until SIGINT or SIGTERM.

    Parameters
    ----------
    folder:
        Where the catalogue is kept; None for one that is gone in the end.
    port:
        0 for any that is free.
    accounts:
        File with users, groups and rights; None for one user with all rights.
    server:
        Which version of the server to behave like; None for the newest.

    Raises
    ------
    ConfigurationError
        If the folder, the accounts, the version or the port cannot be used.
    """
    from scitacean.embedded import Accounts, EmbeddedCatalogue, serve

    known = Accounts.single(password="me") if accounts is None else Accounts.from_file(accounts)  # noqa: S106
    # Tokens that the catalogue hands out itself are for programs that have it in their own process.
    if locked_out := sorted(user.username for user in known.users.values() if not user.password):
        raise ConfigurationError(
            f"{len(locked_out)} of the users in {accounts} have no password, so nobody can sign in as them: "
            f"{', '.join(locked_out)}.",
            hint="Give each a password, or leave them out.",
        )
    stopped = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopped.set()

    with (
        handling("SIGINT", "SIGTERM", "SIGHUP", handler=stop),
        EmbeddedCatalogue(folder, accounts=known, server=server) as catalogue,
    ):
        try:
            with serve(catalogue, port=port) as running:
                if accounts is None:
                    print("sign in as user me with password me")  # noqa: T201
                print(f"ready at {running.url}", flush=True)  # noqa: T201
                # Python handles signals between waits only, on some systems.
                while not stopped.wait(timeout=0.2):
                    pass
        except OSError as error:
            raise ConfigurationError(
                f"Cannot listen on port {port}: {error.strerror or error}.",
                hint="Another program may use it: leave --port out to get one that is free.",
            ) from None
