"""What all calls of one catalogue share: the connection, who asks, closing and pickling."""

from __future__ import annotations

from typing import Self, Unpack

import httpx

from scitacean.catalogue.auth import Session
from scitacean.catalogue.calls import Calls
from scitacean.catalogue.http import ConnectionOptions, hidden_options, make_http_client
from scitacean.catalogue.pickling import check_can_be_pickled
from scitacean.catalogue.sign_in import Login
from scitacean.catalogue.url import server_url


class Connected:
    """A connection to one catalogue.

    Parameters
    ----------
    url:
        Root of the server, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
    auth:
        Signs the requests; None for public data only.
    allow_http:
        Whether plain http to other machines is allowed.
    **options:
        See :class:`scitacean.catalogue.http.ConnectionOptions`.

    Raises
    ------
    ConfigurationError
        If the URL, certificates or proxy cannot work.
    """

    def __init__(
        self,
        url: str,
        *,
        auth: httpx.Auth | None = None,
        allow_http: bool = False,
        **options: Unpack[ConnectionOptions],
    ) -> None:
        options = hidden_options(options)
        self._url = server_url(url, allow_http=allow_http)
        self._http = make_http_client(self._url, **options)
        self._calls = Calls(self._http, self._url)
        if auth is not None:
            self._http.auth = auth
        self._session = auth if isinstance(auth, Session) else None
        self._login: Login | None = None
        self._options = options
        self._allow_http = allow_http

    @classmethod
    def _signed_in(
        cls,
        url: str,
        login: Login | None,
        allow_http: bool,
        options: ConnectionOptions,
        *,
        at_once: bool = False,
    ) -> Self:
        client = cls(url, allow_http=allow_http, **options)
        if login is None:
            return client
        session = login.session(client._calls)
        client._login, client._session, client._http.auth = login, session, session
        try:
            if at_once:
                session.renew(None)
        except BaseException:
            client.close()
            raise
        return client

    @property
    def url(self) -> str:
        """Root of the server."""
        return self._url

    @property
    def is_authenticated(self) -> bool:
        """Whether requests are signed; the server may still refuse the token."""
        return self._http.auth is not None

    def close(self) -> None:
        """Close the connections.

        Examples
        --------
        >>> from scitacean.catalogue.scicat_client import ScicatClient
        >>> client = ScicatClient("https://scicat.site.example")
        >>> client.close()
        """
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        check_can_be_pickled(self._options, has_own_auth=self.is_authenticated and self._login is None)
        # Nothing is sent where it lands until something is wanted: it signs in again then.
        return _rebuilt, (type(self), self._url, self._login, self._allow_http, dict(self._options))


def _rebuilt(
    cls: type[Connected], url: str, login: Login | None, allow_http: bool, options: ConnectionOptions
) -> Connected:
    return cls._signed_in(url, login, allow_http, options)
