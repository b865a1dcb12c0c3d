"""How one signs in: with user name and password, or with a token; what a pickled client takes along."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import attrs
import httpx

from scicat_api import Response, reading
from scicat_api.api.auth import ldap_login, login
from scicat_api.models import CredentialsDto, ReturnedAuthLoginDto
from scitacean.catalogue.auth import Session
from scitacean.catalogue.calls import Calls
from scitacean.catalogue.errors import Asked, error_of_answer
from scitacean.credentials import CallbackSecret, SecretStr, StrStorage, text_of
from scitacean.errors import BadAnswerError, LoginError

_WHAT = "sign in"


@attrs.frozen
class PasswordLogin:
    """User name and password, to be used again whenever a session has ended."""

    username: StrStorage
    password: StrStorage

    def session(self, calls: Calls) -> Session:
        """Make a session that signs in when the first request is sent."""
        return Session(renew=lambda: sign_in(calls, self.username, self.password))


@attrs.frozen
class TokenLogin:
    """A token, and perhaps something that gives a new one."""

    token: StrStorage
    renew: StrStorage | None = None

    def session(self, calls: Calls) -> Session:  # noqa: ARG002  (all that sign in are asked alike)
        """Make a session that begins with the token."""
        renew = self.renew
        return Session(self.token, renew=None if renew is None else lambda: SecretStr(text_of(renew)))


Login = PasswordLogin | TokenLogin


def hidden(secret: str | StrStorage) -> StrStorage:
    """Put text into a storage that does not show it, and leave a storage as it is."""
    return SecretStr(secret) if isinstance(secret, str) else secret


def shown(text: str | StrStorage) -> StrStorage:
    """Put text that is no secret into a storage, which then can be pickled, and leave a storage as it is."""
    return StrStorage(text) if isinstance(text, str) else text


def asked_again(renew: StrStorage | Callable[[], str] | None) -> StrStorage | None:
    """Put a function into a storage that is asked each time."""
    return renew if renew is None or isinstance(renew, StrStorage) else CallbackSecret(renew)


def sign_in(calls: Calls, username: StrStorage, password: StrStorage) -> SecretStr:
    """Get a token: servers keep accounts of their own and those of a directory apart, so both are tried.

    Parameters
    ----------
    calls:
        Sends the requests.
    username, password:
        Asked for their text in the frame that sends it only.

    Raises
    ------
    LoginError
        If neither knows the user with that password.
    ScicatCommError
        If there is no proper answer.
    """

    def send(endpoint: Callable[..., Response[ReturnedAuthLoginDto]]) -> Response[ReturnedAuthLoginDto]:
        # What is odd in the answer has nothing to do with the request that is to be signed.
        with reading():
            return endpoint(
                client=calls.api,
                body=CredentialsDto(username=text_of(username), password=text_of(password)),
            )

    answers: list[tuple[Asked, Response[ReturnedAuthLoginDto]]] = []
    for endpoint in (login.sync_detailed, ldap_login.sync_detailed):
        # Whoever has signed in twice has two tokens.
        asked, response = calls.ask(_WHAT, partial(send, endpoint), safe=True)
        if response.status_code == httpx.codes.CREATED:
            return _token(asked, response)
        answers.append((asked, response))
    for asked, response in answers:
        if response.status_code == httpx.codes.UNAUTHORIZED:
            raise LoginError(
                f"Cannot {_WHAT} at {asked.url}: it does not know this user name with this password.",
                hint="Check both; accounts that sign in through a web page need a token: Client.from_token "
                "(--token-file).",
                status=httpx.codes.UNAUTHORIZED,
                request=asked.request,
                url=asked.url,
            )
    raise error_of_answer(*answers[0])


def _token(asked: Asked, response: Response[ReturnedAuthLoginDto]) -> SecretStr:
    answer: object = response.parsed
    token: object = answer.access_token if isinstance(answer, ReturnedAuthLoginDto) else None
    if not isinstance(token, str) or not token:
        raise BadAnswerError(
            f"Cannot {_WHAT}: {asked.url} accepted the password but sent no token.",
            hint="Check that the URL is that of a SciCat server.",
            request=asked.request,
            url=asked.url,
        )
    return SecretStr(token)
