"""The low-level client: all calls of one catalogue, over generated endpoints only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, Unpack

from scitacean.catalogue.http import ConnectionOptions, hidden_options
from scitacean.catalogue.of_datasets import DatasetCalls
from scitacean.catalogue.of_files import FileCalls
from scitacean.catalogue.of_others import OtherCalls
from scitacean.catalogue.sign_in import PasswordLogin, TokenLogin, asked_again, hidden, shown
from scitacean.catalogue.who import WhoCalls
from scitacean.credentials import StrStorage


class ScicatClient(DatasetCalls, FileCalls, OtherCalls, WhoCalls):
    """Sends requests to one catalogue and reads the answers.

    Use :class:`scitacean.Client` unless you need the classes that the server's interface has.

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

    Examples
    --------
    >>> with ScicatClient("https://scicat.site.example/api/v3") as client:
    ...     client.url
    'https://scicat.site.example'
    """

    @classmethod
    def from_credentials(
        cls,
        url: str,
        username: str | StrStorage,
        password: str | StrStorage,
        *,
        allow_http: bool = False,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Make a client that signs in now, and again when its session has expired.

        Parameters
        ----------
        url:
            Root of the server, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
        username, password:
            As text or as a storage that is asked when they are needed.
        allow_http:
            Whether plain http to other machines is allowed.
        **options:
            See :class:`scitacean.catalogue.http.ConnectionOptions`.

        Raises
        ------
        LoginError
            If the server does not know the user with that password.
        ScicatCommError
            If there is no proper answer.
        ConfigurationError
            If the URL, certificates or proxy cannot work.

        Examples
        --------
        >>> from scitacean.embedded import Accounts, EmbeddedCatalogue, serve
        >>> accounts = Accounts.single(username="me", password="secret")
        >>> with EmbeddedCatalogue(accounts=accounts) as catalogue, serve(catalogue) as server:
        ...     with ScicatClient.from_credentials(server.url, "me", "secret") as client:
        ...         client.query_datasets({})
        []
        """
        # What is raised from here on brings these variables along, in tracebacks that show them.
        username, password, options = shown(username), hidden(password), hidden_options(options)
        login = PasswordLogin(username, password)
        return cls._signed_in(url, login, allow_http, options, at_once=True)

    @classmethod
    def from_token(
        cls,
        url: str,
        token: str | StrStorage,
        *,
        renew: StrStorage | Callable[[], str] | None = None,
        allow_http: bool = False,
        **options: Unpack[ConnectionOptions],
    ) -> Self:
        """Make a client that sends a token.

        Parameters
        ----------
        url:
            Root of the server, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
        token:
            As text or as a storage that is asked when it is needed.
        renew:
            Asked for a new token when the present one is about to end, or the server refuses it: a function
            or a storage. Without it, :meth:`check_session` refuses work that takes longer than the token.
        allow_http:
            Whether plain http to other machines is allowed.
        **options:
            See :class:`scitacean.catalogue.http.ConnectionOptions`.

        Raises
        ------
        ConfigurationError
            If the URL, certificates or proxy cannot work.

        Examples
        --------
        >>> with ScicatClient.from_token("https://scicat.site.example", "eyJhbGciOiJIUzI1NiJ9") as client:
        ...     client.is_authenticated
        True
        """
        token, options = hidden(token), hidden_options(options)
        return cls._signed_in(url, TokenLogin(token, asked_again(renew)), allow_http, options)

    @classmethod
    def without_login(
        cls, url: str, *, allow_http: bool = False, **options: Unpack[ConnectionOptions]
    ) -> Self:
        """Make a client that reads public data only.

        Parameters
        ----------
        url:
            Root of the server, with or without ``/api``, ``/api/v3`` or ``/api/v4``.
        allow_http:
            Whether plain http to other machines is allowed.
        **options:
            See :class:`scitacean.catalogue.http.ConnectionOptions`.

        Raises
        ------
        ConfigurationError
            If the URL, certificates or proxy cannot work.

        Examples
        --------
        >>> with ScicatClient.without_login("https://scicat.site.example") as client:
        ...     client.is_authenticated
        False
        """
        options = hidden_options(options)
        return cls(url, allow_http=allow_http, **options)
