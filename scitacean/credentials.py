"""Secrets: strings that do not show themselves."""

from __future__ import annotations

import json
import os
import pickle
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn, Self

from scitacean.errors import ConfigurationError, LoginError, ScicatError, SessionExpiredError


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

    def __str__(self) -> str:
        return repr(self)


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
        raise TypeError(
            "A secret cannot be pickled: it would leave this process in plain text. Name where it comes from "
            "instead: EnvironmentSecret, FileSecret or CallbackSecret of scitacean.credentials."
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        # It does not leave this process, and nothing changes it.
        return self


class EnvironmentSecret(StrStorage):
    """A secret in an environment variable, read when it is needed; pickled is the variable's name only.

    Parameters
    ----------
    variable:
        Name of the variable.

    Examples
    --------
    >>> import os
    >>> os.environ["FILES_PASSWORD"] = "password"
    >>> EnvironmentSecret("FILES_PASSWORD").get_str()
    'password'
    >>> EnvironmentSecret("FILES_PASSWORD")
    EnvironmentSecret('FILES_PASSWORD')
    """

    def __init__(self, variable: str) -> None:
        self._variable = variable

    def get_str(self) -> str:
        """Return the secret.

        Raises
        ------
        ConfigurationError
            If the variable is not set.

        Examples
        --------
        >>> import os
        >>> os.environ["FILES_PASSWORD"] = "password"
        >>> EnvironmentSecret("FILES_PASSWORD").get_str()
        'password'
        """
        if not (value := os.environ.get(self._variable)):
            raise ConfigurationError(
                f"The secret is to be in the environment variable {self._variable}, which is not set.",
                hint="Set it in each process that needs the secret.",
            )
        return value

    def __repr__(self) -> str:
        return f"EnvironmentSecret({self._variable!r})"


class FileSecret(StrStorage):
    """A secret in a file, read when it is needed, without blanks around it; pickled is the path only.

    Parameters
    ----------
    path:
        The file; UTF-8.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("password.txt").write_text("password", encoding="utf-8")
    >>> FileSecret("password.txt").get_str()
    'password'
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)

    def get_str(self) -> str:
        """Return the secret.

        Raises
        ------
        ConfigurationError
            If the file cannot be read.

        Examples
        --------
        >>> from pathlib import Path
        >>> _ = Path("password.txt").write_text("password", encoding="utf-8")
        >>> FileSecret("password.txt").get_str()
        'password'
        """
        try:
            return self._path.expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"Cannot read the secret in {self._path}: "
                f"{getattr(error, 'strerror', None) or 'it is no text'}.",
                hint="Check the path and its permissions.",
            ) from None

    def __repr__(self) -> str:
        return f"FileSecret({str(self._path)!r})"


class CallbackSecret(StrStorage):
    """A secret that a function returns, called when it is needed; pickled is the function's name only.

    Parameters
    ----------
    function:
        Called without arguments. To be pickled it has to be importable: defined at the top of a module.

    Examples
    --------
    >>> CallbackSecret(lambda: "password").get_str()
    'password'
    """

    def __init__(self, function: Callable[[], str]) -> None:
        self._function = function

    def get_str(self) -> str:
        """Return what the function returns.

        Examples
        --------
        >>> CallbackSecret(lambda: "password").get_str()
        'password'
        """
        return self._function()

    def __getstate__(self) -> dict[str, object]:
        check_importable(self._function, "The function of CallbackSecret")
        return self.__dict__

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __repr__(self) -> str:
        return f"CallbackSecret({getattr(self._function, '__qualname__', '...')})"


def check_importable(function: Callable[..., object] | None, what: str) -> None:
    """Check that another process can find a function by its name, as pickling demands; None is fine.

    Parameters
    ----------
    function:
        The function.
    what:
        What it is, for the error.

    Raises
    ------
    TypeError
        If it is a lambda, or defined inside another function.
    """
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise TypeError(
            f"{what} cannot be pickled: another process does not find it by its name ({error}). Define it at "
            "the top of a module, not as a lambda or inside a function."
        ) from None


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
        # What is raised from here on brings this variable along, in tracebacks that show it.
        value = _hidden(value)
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
        value = _hidden(value)
        expiry = jwt_expiry(value.get_str())
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


def _hidden(value: str | StrStorage) -> StrStorage:
    return SecretStr(value) if isinstance(value, str) else value


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
        return datetime.fromtimestamp(max(expiry, 0), tz=UTC)
    except (IndexError, KeyError, TypeError, ValueError, OverflowError, OSError, RecursionError):
        return None


def expiry_of(token: StrStorage) -> datetime | None:
    """Return when a token expires, None where it does not say.

    Parameters
    ----------
    token:
        An :class:`ExpiringToken` knows it, JSON web tokens tell it, others may last for ever.
    """
    return token.expires_at if isinstance(token, ExpiringToken) else jwt_expiry(text_of(token).strip())


def text_of(secret: StrStorage) -> str:
    """Return the text of a secret, whatever its storage does.

    Parameters
    ----------
    secret:
        The storage; users write their own, and functions for :class:`CallbackSecret`.

    Raises
    ------
    LoginError
        If it fails or gives no text.
    """
    try:
        text: object = secret.get_str()
    except ScicatError:
        raise
    except Exception as error:  # noqa: BLE001  (functions of users raise anything)
        failure = f"{type(error).__name__}: {error}"
    else:
        if isinstance(text, str):
            return text
        failure = f"it gave {type(text).__name__}, no text"
    # Not inside the handler, or the frames of that function, with all that they know, would come along.
    raise LoginError(
        f"{secret!r} does not give its secret ({failure}).",
        hint="Check the function that gets it: it has to return the text of a token or password.",
    )
