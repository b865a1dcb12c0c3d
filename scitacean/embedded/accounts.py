"""Who may sign in to the embedded catalogue, and which groups may do what."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from attrs import field, frozen

from ..errors import ConfigurationError

EVERYONE = "everyone"
RIGHTS = frozenset(
    {
        "admin",
        "create_dataset_with_pid",
        "update_dataset_lifecycle",
        "delete",
        "create_proposal",
        "update_job",
        "create_dataset",
        "create_sample",
        "create_attachment",
    }
)


@frozen
class User:
    """Somebody who can sign in.

    Without a password, only a token that the catalogue hands out itself signs in.
    """

    username: str
    email: str
    groups: tuple[str, ...]
    password: str | None = field(default=None, repr=False)

    @property
    def user_id(self) -> str:
        """The id that servers give to accounts: 24 hexadecimal digits."""
        return hashlib.sha256(self.username.encode()).hexdigest()[:24]


@frozen
class Accounts:
    """The users of a catalogue and what its groups may do.

    Parameters
    ----------
    users:
        The users by name.
    rights:
        For each right the groups that have it, or ``"everyone"``: whoever is signed in, for the
        groups that they are in. ``admin`` may do everything but delete datasets and
        origdatablocks, which ``delete`` may.
    pid_prefix:
        The server puts it before the PIDs that it makes.

    Examples
    --------
    >>> accounts = Accounts.single("ada")
    >>> accounts.may(accounts.users["ada"], "delete")
    True
    """

    users: Mapping[str, User]
    rights: Mapping[str, frozenset[str] | str]
    pid_prefix: str = "local"

    @classmethod
    def single(
        cls,
        username: str = "me",
        *,
        password: str | None = None,
        email: str | None = None,
        groups: Iterable[str] = (),
        pid_prefix: str = "local",
    ) -> Accounts:
        """Make accounts with one user who has all rights.

        Parameters
        ----------
        username:
            The user's name, and the name of a group that only they are in.
        password:
            Without one, only tokens of the catalogue's own sign in.
        email:
            E-mail address; made up when absent.
        groups:
            Further groups of the user.
        pid_prefix:
            Goes before the PIDs that the catalogue makes.
        """
        own = tuple(dict.fromkeys([username, *groups]))
        user = User(
            username=username,
            email=email or f"{username}@localhost.example",
            groups=own,
            password=password,
        )
        rights = dict.fromkeys(sorted(RIGHTS), frozenset({username}))
        return cls(users={username: user}, rights=rights, pid_prefix=pid_prefix)

    @classmethod
    def from_file(cls, path: Path | str) -> Accounts:
        """Read accounts from a JSON file.

        The file has ``site`` (with ``pid_prefix``), ``groups`` (right to list of groups or
        ``"everyone"``) and ``users`` (``username``, ``password``, ``email``, ``groups``).

        Raises
        ------
        ConfigurationError
            If the file cannot be read or is not of this form.
        """
        path = Path(path)
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigurationError(
                f"Cannot read the accounts from {path}: {error.strerror}.",
                hint="Give the path of an existing JSON file.",
            ) from error
        except (ValueError, RecursionError) as error:
            raise ConfigurationError(
                f"Cannot read the accounts from {path}: it is no JSON ({error}).",
                hint="Correct the file.",
            ) from error
        try:
            return _from_content(content)
        except _Mistake as mistake:
            raise ConfigurationError(
                f"Cannot use the accounts in {path}: {mistake}.", hint="Correct the file."
            ) from None

    def may(self, user: User, right: str) -> bool:
        """Tell whether a user has a right."""
        groups = self.rights.get(right, frozenset())
        return groups == EVERYONE or not set(user.groups).isdisjoint(groups)

    def is_admin(self, user: User) -> bool:
        """Tell whether a user is an administrator."""
        return self.may(user, "admin")

    def check_password(self, username: str, password: str) -> User | None:
        """Find the user with this name and password."""
        user = self.users.get(username)
        if user is None or user.password is None:
            return None
        same = hmac.compare_digest(user.password.encode(), password.encode("utf-8", "replace"))
        return user if same else None


class _Mistake(Exception):  # noqa: N818 - carries a sentence to from_file, never leaves the module
    pass


def _from_content(content: object) -> Accounts:
    if not isinstance(content, dict):
        raise _Mistake("it should be an object with the keys site, groups and users")
    _check_spelling(content, "site", "groups", "users")
    site = _entry(content, "site", dict, default={})
    _check_spelling(site, "pid_prefix")
    users = [_user(entry) for entry in _entry(content, "users", list)]
    if len({user.username for user in users}) < len(users):
        raise _Mistake("two users have the same username")
    return Accounts(
        users={user.username: user for user in users},
        rights=_rights(_entry(content, "groups", dict, default={})),
        pid_prefix=_entry(site, "pid_prefix", str, default="local"),
    )


def _rights(groups: dict[str, object]) -> dict[str, frozenset[str] | str]:
    if unknown := sorted(set(groups) - RIGHTS):
        raise _Mistake(f"groups has the unknown right {unknown[0]!r}")
    rights: dict[str, frozenset[str] | str] = {}
    for right, names in groups.items():
        if names == EVERYONE:
            rights[right] = EVERYONE
        elif isinstance(names, list) and all(isinstance(name, str) for name in names):
            rights[right] = frozenset(names)
        else:
            raise _Mistake(f"groups.{right} should be a list of groups or {EVERYONE!r}")
    return rights


def _user(entry: object) -> User:
    if not isinstance(entry, dict):
        raise _Mistake("each of users should be an object")
    _check_spelling(entry, "username", "password", "email", "groups")
    username = _entry(entry, "username", str)
    if not username:
        raise _Mistake("a username is empty")
    groups = _entry(entry, "groups", list, default=[])
    if not all(isinstance(group, str) for group in groups):
        raise _Mistake(f"the groups of {username} should be a list of strings")
    return User(
        username=username,
        email=_entry(entry, "email", str, default=f"{username}@localhost.example"),
        groups=tuple(groups),
        password=_entry(entry, "password", str) if "password" in entry else None,
    )


def _check_spelling(content: dict[str, object], *keys: str) -> None:
    # Other keys may be for other programs; a misspelt one would take somebody's rights away unnoticed.
    for key in content.keys() - set(keys):
        for meant in set(get_close_matches(key, keys, n=1)) - content.keys():
            raise _Mistake(f"it has the unknown key {key!r}, and {meant!r} is meant")


_Kind = TypeVar("_Kind")
_KINDS: dict[object, str] = {dict: "an object", list: "a list", str: "a string"}


def _entry(content: dict[str, object], key: str, kind: type[_Kind], default: _Kind | None = None) -> _Kind:
    value = content.get(key, default)
    if value is None:
        raise _Mistake(f"{key!r} is missing")
    if not isinstance(value, kind):
        raise _Mistake(f"{key!r} should be {_KINDS[kind]}")
    return value
