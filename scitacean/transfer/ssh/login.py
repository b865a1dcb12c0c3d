"""Signing in at a file server: with keys, a password, a person's answers, or several of them in turn."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import attrs
from paramiko import BadAuthenticationType, PKey, SSHException, Transport

from scitacean.credentials import SecretStr, StrStorage
from scitacean.errors import FileServerLoginError
from scitacean.transfer.ssh.interactive import Questions, converse
from scitacean.transfer.ssh.keys import offers
from scitacean.transfer.ssh.prompts import Ask, Prompt, answer_of

_TRIES = 3

Way = tuple[str, Callable[[Transport], list[str]]]
"""What is shown to the server, for messages, and showing it; returns methods that are wanted besides."""


@attrs.frozen(kw_only=True)
class SignIn:
    """Signs in at one host: an authentication strategy of the SSH library.

    The library's own stop at the first method that succeeds in part, or print the server's questions.

    Attributes
    ----------
    user, where:
        Who signs in, and the host with its port.
    password, passphrase:
        Of the account and of the key files.
    key:
        Key that is read already.
    key_file:
        Key that must be usable.
    configured:
        Key files that may be missing.
    certificate:
        File of the certificate of one of the keys.
    only_these, agent, users:
        Which keys count besides: see :func:`scitacean.transfer.ssh.keys.offers`.
    ask:
        Asks a person.
    answers:
        What was answered before and can be used again, by question.
    timeout:
        How many seconds the server may be silent.
    """

    user: str
    where: str
    password: StrStorage | None = None
    passphrase: StrStorage | None = None
    key: PKey | None = None
    key_file: Path | None = None
    configured: Sequence[Path] = ()
    certificate: Path | None = None
    only_these: bool = False
    agent: bool = True
    users: bool = True
    ask: Ask | None = None
    answers: dict[str, SecretStr] = attrs.field(factory=dict, repr=False)
    timeout: float = 60.0

    def authenticate(self, transport: Transport) -> list[str]:
        """Sign in.

        Raises
        ------
        FileServerLoginError
            If the server lets the user not in, or closes the connection meanwhile.
        """
        # What is left of the keys holds a line to the agent, also in the frames of an error.
        with closing(self._with_keys()) as keys:
            return self._authenticate(transport, keys)

    def _authenticate(self, transport: Transport, keys: Iterator[Way]) -> list[str]:
        ways: dict[str, Iterator[Way]] = {
            "publickey": keys,
            "keyboard-interactive": self._with_answers(),
            "password": self._with_password(),
        }
        if self.password is not None:
            ways["keyboard-interactive"] = ways.pop("keyboard-interactive")
        allowed: Sequence[str] | None = None
        shown: list[str] = []
        unwanted: list[str] = []
        while (chosen := _next_way(ways, allowed)) is not None:
            method, (name, show) = chosen
            try:
                allowed = show(transport)
            except BadAuthenticationType as error:
                # Only partial success tells what comes next, so this method may have its time yet.
                unwanted.append(name)
                ways[method] = _first((name, show), ways[method])
                allowed = [other for other in error.allowed_types if other != method]
                continue
            except (SSHException, EOFError, ValueError):
                if not transport.is_active():
                    raise self._closed([*shown, name]) from None
            else:
                if not allowed:
                    return []
            shown.append(name)
        accepted = self._accepted(transport) if allowed is None else allowed
        raise self._refused(shown, unwanted, accepted)

    def _with_keys(self) -> Generator[Way, None, None]:
        if self.key is not None:
            yield "the given key", partial(_show_key, user=self.user, key=self.key)
        found = offers(
            self.key_file,
            self.configured,
            certificate=self.certificate,
            unlock=self._unlock,
            only_these=self.only_these,
            agent=self.agent,
            users=self.users,
        )
        with closing(found):
            for offer in found:
                yield offer.name, partial(_show_key, user=self.user, key=offer.key)

    def _with_password(self) -> Iterator[Way]:
        if self.password is not None:
            yield "the password", partial(self._show_password, self.password.get_str)
        elif self.ask is not None:
            question = f"Password of {self._who}: "
            if question in self.answers:
                yield "the password", partial(self._show_password, self.answers[question].get_str)
            for _ in range(_TRIES):
                yield "a password", partial(self._show_password, partial(self._asked, question))

    def _with_answers(self) -> Iterator[Way]:
        for _ in range(1 if self.ask is None else _TRIES):
            if self.ask is not None or self.password is not None:
                yield "answers to its questions", self._answer_questions

    def _show_password(self, get: Callable[[], str], transport: Transport) -> list[str]:
        return transport.auth_password(self.user, answer_of(get), fallback=False)

    def _asked(self, question: str) -> str:
        assert self.ask is not None
        answer: str = answer_of(partial(self.ask, Prompt(host=self._who, text=question)))
        self.answers[question] = SecretStr(answer)
        return answer

    def _unlock(self, path: Path, wrong: int) -> str | None:
        if self.passphrase is not None:
            return answer_of(self.passphrase.get_str)
        if self.ask is None:
            return None
        question = f"Passphrase of the key file {path}: "
        if wrong == 0 and question in self.answers:
            return self.answers[question].get_str()
        return self._asked(question)

    def _answer_questions(self, transport: Transport) -> list[str]:
        unused = self.password

        def answer(questions: Questions) -> list[str]:
            nonlocal unused
            title, instructions, fields = questions
            given = []
            for text, echo in fields:
                if unused is not None and not echo and (self.ask is None or "password" in text.lower()):
                    given.append(answer_of(unused.get_str))
                    unused = None
                    continue
                if self.ask is None:
                    raise FileServerLoginError(
                        f"The file server asks {self._who} {text.strip()!r}, and there is nobody to answer.",
                        hint="Give a function that asks a person: SSHFileTransfer(..., ask=...).",
                    )
                prompt = Prompt(
                    host=self._who, text=text, hidden=not echo, title=title, instructions=instructions
                )
                given.append(answer_of(partial(self.ask, prompt)))
            return given

        return converse(transport, self.user, answer, timeout=self.timeout)

    @property
    def _who(self) -> str:
        return f"{self.user!r} at {self.where}"

    def _accepted(self, transport: Transport) -> Sequence[str]:
        """Ask what the server accepts; it may tell nothing."""
        try:
            return transport.auth_none(self.user)
        except BadAuthenticationType as error:
            return error.allowed_types
        except (SSHException, EOFError, ValueError):
            return []

    def _refused(
        self, shown: Sequence[str], unwanted: Sequence[str], accepted: Sequence[str]
    ) -> FileServerLoginError:
        said = [f"It was shown {_listed(shown)}"] if shown or not unwanted else []
        said += [f"It does not take {_listed(unwanted)}"] if unwanted else []
        said += [f"What it wants is {_listed(accepted)}"] if accepted else []
        return FileServerLoginError(
            f"The file server refuses to let {self._who} in. {'. '.join(said)}.",
            hint="Check user name and password, or that the public key is among the authorized ones there.",
        )

    def _closed(self, shown: Sequence[str]) -> FileServerLoginError:
        return FileServerLoginError(
            f"The file server closed the connection while {self._who} signed in. It was shown "
            f"{_listed(shown)}.",
            hint="Servers take a few tries, some only one: name the right key with key_filename, or with "
            "IdentityFile and 'IdentitiesOnly yes' in the SSH configuration, so that nothing else is shown. "
            "If that is not it, the server may be busy, or may not know the user; ask those who run it.",
        )


def _next_way(ways: dict[str, Iterator[Way]], allowed: Sequence[str] | None) -> tuple[str, Way] | None:
    for method, iterator in ways.items():
        if (allowed is None or method in allowed) and (way := next(iterator, None)) is not None:
            return method, way
    return None


def _first(way: Way, others: Iterator[Way]) -> Iterator[Way]:
    yield way
    yield from others


def _show_key(transport: Transport, *, user: str, key: PKey) -> list[str]:
    return transport.auth_publickey(user, key)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(names)) or "nothing: there is neither a key nor a password"
