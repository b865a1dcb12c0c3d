"""Calls about who one is: whether the session is good, for how long, and for which groups."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from scicat_api import Response
from scicat_api.api.auth import whoami
from scicat_api.api.users import get_my_user, get_my_user_identity
from scicat_api.models import JsonObject, ReturnedUserDto
from scitacean.catalogue.connected import Connected
from scitacean.errors import ForbiddenError, LoginError, NotFoundError, SessionExpiredError

_GOOD_FOR_SECONDS = 60.0


class WhoCalls(Connected):
    """Asks the server who it takes one for."""

    _good_until = float("-inf")

    def check_session(self, lasting: timedelta = timedelta(0)) -> None:
        """Make sure that one is signed in, and stays so for as long as some work takes.

        Servers take a bad token for none and answer reads with "forbidden" or less, so this asks who one is.
        What is found out holds for a minute.

        Parameters
        ----------
        lasting:
            How long the work takes.

        Raises
        ------
        LoginError
            If one is not signed in, or the server does not accept the token.
        SessionExpiredError
            If the token has expired, or ends too early and nobody can renew it.
        ScicatCommError
            If there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.check_session(timedelta(hours=3))
        """
        if not self.is_authenticated:
            raise LoginError(
                f"Nobody is signed in at {self._url}.",
                hint="Make the client with Client.from_credentials or Client.from_token; the command needs "
                "--username or --token-file.",
                url=self._url,
            )
        if time.monotonic() >= self._good_until:
            self._calls.get(
                "check the session",
                lambda: get_my_user.sync_detailed(client=self._calls.api),
                ReturnedUserDto,
            )
            self._good_until = time.monotonic() + _GOOD_FOR_SECONDS
        session = self._session
        ends = None if session is None or session.can_renew else session.ends_at()
        if ends is not None and ends < datetime.now(tz=UTC) + lasting:
            raise SessionExpiredError(
                f"The token for {self._url} ends at {ends:%Y-%m-%d %H:%M:%S} UTC; the work would take until "
                f"{datetime.now(tz=UTC) + lasting:%Y-%m-%d %H:%M:%S}.",
                hint="Get a new token; or use from_token(..., renew=...) or from_credentials, which get new "
                "ones by themselves.",
                url=self._url,
            )

    def my_groups(self) -> frozenset[str] | None:
        """Return the groups of who is signed in, as the server says; None where it does not say.

        An administrator may create datasets for other groups, too.

        Raises
        ------
        LoginError
            If one is not signed in, or the server does not accept the token.
        ScicatCommError
            If there is no proper answer.

        Examples
        --------
        >>> from scitacean import Client
        >>> with Client.local("my-catalogue") as client:
        ...     client.scicat.my_groups()
        frozenset({'me'})
        """
        self.check_session()
        api = self._calls.api
        # What the server itself decides with.
        groups = self._told(lambda: whoami.sync_detailed(client=api)).get("currentGroups")
        if not isinstance(groups, list):
            profile = self._told(lambda: get_my_user_identity.sync_detailed(client=api)).get("profile")
            groups = profile.get("accessGroups") if isinstance(profile, dict) else None
        return frozenset(map(str, groups)) if isinstance(groups, list) else None

    def _told(self, send: Callable[[], Response[JsonObject]]) -> JsonObject:
        try:
            return self._calls.get_or_none("ask for one's groups", send, dict) or {}
        except (ForbiddenError, NotFoundError):
            # Accounts without identity, and servers without the question.
            return {}
