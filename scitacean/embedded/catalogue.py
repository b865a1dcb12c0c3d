"""A catalogue in a folder: what people make and use of this package."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from .accounts import Accounts
from .app import Application
from .calls import Site
from .store import Store
from .tokens import Tokens
from .variants import variant

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

FILE_NAME = "catalogue.sqlite"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class EmbeddedCatalogue:
    """A SciCat catalogue in this process.

    Parameters
    ----------
    folder:
        Where the catalogue is kept; made when it is not there. Several processes may use the same
        folder at the same time; it must not lie on a network file system. None: a catalogue of its
        own, gone when it is closed.
    accounts:
        Who may sign in. None: one user, ``me``, who may do everything.
    token_lifetime:
        How long a token is good.
    clock:
        Gives the present time, with a time zone.
    server:
        Which version of the server to behave like: one of :data:`scitacean.embedded.VARIANTS`.
        None: the newest.

    Raises
    ------
    ConfigurationError
        If the folder cannot be used, a newer version of scitacean made what is in it, or there is
        no such version of the server.

    Examples
    --------
    >>> import httpx
    >>> with EmbeddedCatalogue() as catalogue:
    ...     with httpx.Client(
    ...         transport=httpx.WSGITransport(catalogue.wsgi),
    ...         base_url="http://catalogue",
    ...         headers={"Authorization": f"Bearer {catalogue.token_for('me')}"},
    ...     ) as http:
    ...         http.get("/api/v4/datasets/count").json()
    {'count': 0}
    """

    def __init__(
        self,
        folder: Path | str | None = None,
        *,
        accounts: Accounts | None = None,
        token_lifetime: timedelta = timedelta(hours=1),
        clock: Callable[[], datetime] = _utc_now,
        server: str | None = None,
    ) -> None:
        behaviour = variant(server)
        self.accounts = accounts or Accounts.single()
        self.folder = _prepared(folder)
        self._remove = _nothing_to_remove
        if folder is None:
            self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self._store = Store(self.folder / FILE_NAME, durable=folder is not None)
        try:
            self._tokens = Tokens(self._store.setting("token_key"), self.accounts, token_lifetime, clock)
            site = Site(self.accounts, self._tokens, clock, behaviour)
            self.wsgi: WSGIApplication = Application(self._store, site)
        except BaseException:
            self.close()
            raise

    def token_for(self, username: str) -> str:
        """Make a token for a user, without their password.

        Raises
        ------
        ConfigurationError
            If there is no such user.
        """
        user = self.accounts.users.get(username)
        if user is None:
            raise ConfigurationError(
                f"The catalogue has no user {username!r}.",
                hint=f"Its users are: {', '.join(sorted(self.accounts.users)) or 'none'}.",
            )
        return self._tokens.make(user)

    def close(self) -> None:
        """Close the catalogue; what was answered is kept."""
        self._store.close()
        self._remove()

    def __enter__(self) -> EmbeddedCatalogue:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _nothing_to_remove() -> None:
    pass


def _prepared(folder: Path | str | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="scitacean-catalogue-"))
    path = Path(folder)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"Cannot make the folder {path} for the catalogue: {error.strerror}.",
            hint="Give a folder that you may write to.",
        ) from error
    return path
