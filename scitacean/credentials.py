"""Secrets: strings that do not show themselves."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import NoReturn, Self

from scitacean.errors import SessionExpiredError


class StrStorage:
    """Holds a string and hands it out when asked. Subclasses decide how.

    Parameters
    ----------
    value:
        The string, or another storage to get it from.

    Examples
    --------
    >>> StrStorage("ada").get_str()
    'ada'
    """

    def __init__(self, value: str | StrStorage) -> None:
        self._value = value

    def get_str(self) -> str:
        """Return the string.

        Examples
        --------
        >>> StrStorage(SecretStr("password")).get_str()
        'password'
        """
        return self._value if isinstance(self._value, str) else self._value.get_str()

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    __str__ = __repr__


class SecretStr(StrStorage):
    """A string that is not shown, printed or pickled.

    Examples
    --------
    >>> SecretStr("password")
    SecretStr(***)
    >>> SecretStr("password").get_str()
    'password'
    """

    def __reduce__(self) -> NoReturn:
        raise TypeError("A secret cannot be pickled: it would leave this process in plain text.")


class ExpiringToken(SecretStr):
    """A token that is only handed out while it is good.

    Parameters
    ----------
    value:
        The token.
    expires_at:
        When the server stops to accept it, with a time zone.
    denial_period:
        How long before that it counts as expired, so that a request does not lose the race.

    Raises
    ------
    ValueError
        If ``expires_at`` has no time zone.

    Examples
    --------
    >>> token = ExpiringToken(value="abc", expires_at=datetime.now(tz=UTC) + timedelta(hours=1))
    >>> token.get_str()
    'abc'
    """

    def __init__(
        self,
        *,
        value: str | StrStorage,
        expires_at: datetime,
        denial_period: timedelta | None = None,
    ) -> None:
        super().__init__(value)
        if expires_at.utcoffset() is None:
            raise ValueError("The time at which the token expires has no time zone.")
        self.expires_at = expires_at
        self._denial_period = timedelta(seconds=2) if denial_period is None else denial_period

    @classmethod
    def from_jwt(cls, value: str | StrStorage) -> Self:
        """Read the expiry from a JSON web token; its signature is the server's affair.

        Parameters
        ----------
        value:
            The token.

        Raises
        ------
        ValueError
            If the string is no JSON web token with an expiry.

        Examples
        --------
        >>> import jwt
        >>> token = jwt.encode({"exp": 2_000_000_000}, "k" * 32)
        >>> ExpiringToken.from_jwt(token).expires_at
        datetime.datetime(2033, 5, 18, 3, 33, 20, tzinfo=datetime.timezone.utc)
        """
        expiry = jwt_expiry(value.get_str() if isinstance(value, StrStorage) else value)
        if expiry is None:
            raise ValueError("This is no JSON web token with an expiry.")
        return cls(value=value, expires_at=expiry)

    def get_str(self) -> str:
        """Return the token.

        Raises
        ------
        SessionExpiredError
            If it has expired.

        Examples
        --------
        >>> token = ExpiringToken(value="abc", expires_at=datetime(2026, 3, 1, tzinfo=UTC))
        >>> try:
        ...     token.get_str()
        ... except SessionExpiredError as error:
        ...     print(error.hint)
        Sign in again to get a new one.
        """
        if datetime.now(tz=UTC) >= self.expires_at - self._denial_period:
            raise SessionExpiredError(
                f"The token expired at {self.expires_at.isoformat()}.",
                hint="Sign in again to get a new one.",
                code="SESSION_EXPIRED",
            )
        return super().get_str()


def jwt_expiry(token: str) -> datetime | None:
    """Return when a JSON web token expires, None where the text is none or does not say.

    Parameters
    ----------
    token:
        The text of the token; its signature is not looked at.
    """
    try:
        body = token.split(".")[1]
        expiry = json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))["exp"]
        return datetime.fromtimestamp(expiry, tz=UTC)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError):
        return None
