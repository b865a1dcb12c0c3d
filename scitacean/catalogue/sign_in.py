"""Turning user name and password into a token."""

from __future__ import annotations

import httpx

import scicat_api
from scicat_api import Response
from scicat_api.api.auth import ldap_login, login
from scicat_api.models import CredentialsDto, ReturnedAuthLoginDto
from scitacean.catalogue.errors import error_of_answer, explained
from scitacean.credentials import SecretStr, StrStorage
from scitacean.errors import BadAnswerError, LoginError


def sign_in(api: scicat_api.Client, *, url: str, username: StrStorage, password: StrStorage) -> SecretStr:
    """Get a token: servers keep accounts of their own and those of a directory apart, so both are tried.

    Parameters
    ----------
    api:
        Sends the requests.
    url:
        Root of the server, for messages.
    username, password:
        Asked for their text in the frame that sends it only.

    Raises
    ------
    LoginError
        If neither knows the user with that password.
    ScicatCommError
        If there is no proper answer.
    """
    what = "sign in"
    answers: list[Response[ReturnedAuthLoginDto]] = []
    for endpoint in (login, ldap_login):
        with explained(what, url):
            response = endpoint.sync_detailed(
                client=api,
                body=CredentialsDto(username=username.get_str(), password=password.get_str()),
            )
        if response.status_code == httpx.codes.CREATED:
            return _token(response, url)
        answers.append(response)
    if any(answer.status_code == httpx.codes.UNAUTHORIZED for answer in answers):
        raise LoginError(
            f"Cannot {what} at {url}: it does not know this user name with this password.",
            hint="Check both; accounts that sign in through a web page need a token: Client.from_token "
            "(--token-file).",
            status=httpx.codes.UNAUTHORIZED,
            request=url,
        )
    raise error_of_answer(what, status=answers[0].status_code, content=answers[0].content, request=url)


def _token(response: Response[ReturnedAuthLoginDto], url: str) -> SecretStr:
    answer: object = response.parsed
    token: object = answer.access_token if isinstance(answer, ReturnedAuthLoginDto) else None
    if not isinstance(token, str) or not token:
        raise BadAnswerError(
            f"Cannot sign in: {url} accepted the password but sent no token.",
            hint="Check that the URL is that of a SciCat server.",
            request=url,
        )
    return SecretStr(token)
