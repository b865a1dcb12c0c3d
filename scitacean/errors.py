"""Every error that scitacean raises on purpose, in one tree.

::

    ScicatError
    ├── ConfigurationError (ValueError)       a setting that cannot work, found before anything is sent
    ├── ValidationError (ValueError)          a dataset, sample or answer breaks the catalogue's rules
    ├── ScicatCommError (RuntimeError)        talking to the catalogue failed
    │   ├── ServerUnreachableError            no connection, or it broke, or it took too long
    │   ├── BadAnswerError                    an answer that is no JSON or not what was asked for
    │   ├── AuthError                         who one is, or what one may do
    │   │   ├── LoginError                    wrong user name or password, no valid token
    │   │   ├── SessionExpiredError           the token was good once
    │   │   └── ForbiddenError                signed in, or not, and not allowed
    │   ├── NotFoundError                     no such dataset, sample, ...
    │   └── ConflictError                     it exists already, or was changed meanwhile
    └── TransferError (RuntimeError)          moving files failed
        ├── UploadInterrupted                 an upload stopped half way; it can be gone on with, or undone
        ├── FileNotAccessibleError            a file, folder or host that cannot be reached or read
        │   ├── LocalFileNotFoundError (FileNotFoundError)    a file of this machine that is not there
        │   ├── LocalFileExistsError (FileExistsError)        a file of this machine that shall not be there
        │   ├── HostNotReachableError         the file server does not answer
        │   ├── HostKeyError                  the file server is unknown, or is not the one known
        │   └── FileServerLoginError          the file server refuses user name, key or password
        ├── FileUploadError                   a file could not be written, or must not be overwritten
        │   └── UploadNotSupportedError (NotImplementedError)     the file transfer only fetches files
        └── IntegrityError                    a file does not have the bytes that it should have

Each message says what was tried and what happened; :attr:`ScicatError.hint` says what to do next and
is part of the text of the error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from scitacean.problem import Problem, problem_table


class ScicatError(Exception):
    """Base of all errors of this package.

    Parameters
    ----------
    message:
        What was tried and what happened.
    hint:
        What the user can do about it.

    Examples
    --------
    >>> print(ScicatError("Cannot read a.dat: permission denied.", hint="Ask its owner."))
    Cannot read a.dat: permission denied. Ask its owner.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()

    def __reduce__(self) -> tuple[object, ...]:
        # The default would call __init__ with all arguments of Exception, and forget the others.
        return _rebuild, (type(self), self.message, self.__dict__)


def _rebuild(cls: type[ScicatError], message: str, state: dict[str, object]) -> ScicatError:
    error = cls(message)
    error.__dict__.update(state)
    return error


class ConfigurationError(ScicatError, ValueError):
    """A setting that cannot work: a bad URL, plain http, no source folder, no file transfer."""


class ValidationError(ScicatError, ValueError):
    """Something breaks the rules of the catalogue; all problems of it, not the first.

    Like an :class:`ExceptionGroup` it has :attr:`exceptions`, :meth:`subgroup` and :meth:`split`.

    Parameters
    ----------
    message:
        What was checked.
    problems:
        What is wrong.
    hint:
        What the user can do about it.
    server_messages:
        What the server said is wrong, in its words.

    Examples
    --------
    >>> error = ValidationError(
    ...     "The dataset cannot go into the catalogue.",
    ...     problems=[Problem("name", None, "a name"), Problem("meta.t", float("nan"), "a finite number")],
    ... )
    >>> print(error)
    The dataset cannot go into the catalogue. 2 problems:
      field   value  expected
      name    None   a name
      meta.t  nan    a finite number
    >>> [problem.field for problem in error.problems]
    ['name', 'meta.t']
    """

    def __init__(
        self,
        message: str,
        *,
        problems: Iterable[Problem] = (),
        hint: str = "",
        server_messages: Iterable[str] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)
        self.server_messages = tuple(server_messages)

    @property
    def exceptions(self) -> tuple[ValueError, ...]:
        """One error for each problem."""
        return tuple(ValueError(str(problem)) for problem in self.problems)

    def subgroup(self, condition: Callable[[Problem], bool]) -> Self | None:
        """Return the same error with those problems only that meet a condition; None without any.

        Parameters
        ----------
        condition:
            Takes a problem and says whether it is meant.

        Examples
        --------
        >>> error = ValidationError("Bad.", problems=[Problem("name", None, "a name")])
        >>> error.subgroup(lambda problem: problem.field.startswith("meta")) is None
        True
        """
        found = [problem for problem in self.problems if condition(problem)]
        if not found:
            return None
        return type(self)(self.message, problems=found, hint=self.hint, server_messages=self.server_messages)

    def split(self, condition: Callable[[Problem], bool]) -> tuple[Self | None, Self | None]:
        """Return :meth:`subgroup` of the condition and of its opposite.

        Parameters
        ----------
        condition:
            Takes a problem and says whether it is meant.

        Examples
        --------
        >>> error = ValidationError("Bad.", problems=[Problem("name", None, "a name")])
        >>> of_meta, others = error.split(lambda problem: problem.field.startswith("meta"))
        >>> of_meta is None, len(others.problems)
        (True, 1)
        """
        return self.subgroup(condition), self.subgroup(lambda problem: not condition(problem))

    def __str__(self) -> str:
        number = len(self.problems) + len(self.server_messages)
        if not number:
            return super().__str__()
        count = f"{number} problem{'s' if number > 1 else ''}:"
        told = [f"  {message}" for message in self.server_messages]
        table = problem_table(self.problems)
        return "\n".join(line for line in [f"{self.message} {count}", table, *told, self.hint] if line)


class ValidationWarning(UserWarning):
    """Something that the catalogue takes but may not give back as it was."""


class ScicatCommError(ScicatError, RuntimeError):
    """Talking to the catalogue failed.

    Parameters
    ----------
    message:
        What was tried and what happened.
    hint:
        What the user can do about it.
    status:
        HTTP status of the answer; None where there was no answer.
    code:
        The server's own code for the error, ``SESSION_EXPIRED`` for example.
    request:
        Method and path of the request: ``"GET /api/v4/datasets/20.500.12345%2Frun-7"``.
    url:
        Root of the server.
    server_messages:
        What the server said, in its words.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        code: str | None = None,
        request: str = "",
        url: str = "",
        server_messages: Iterable[str] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.request = request
        self.url = url
        self.server_messages = tuple(server_messages)


class ServerUnreachableError(ScicatCommError):
    """No connection to the catalogue, or it broke, or the answer took too long.

    Attributes
    ----------
    nothing_sent:
        Whether the server surely did nothing: the request did not reach it, or was refused for its token and
        nobody could sign in again.
    """

    nothing_sent = False


class BadAnswerError(ScicatCommError):
    """The catalogue answered with something that is no JSON or not what was asked for."""


class AuthError(ScicatCommError):
    """The catalogue does not know who asks, or does not allow it."""


class LoginError(AuthError):
    """Wrong user name or password, or a token that the catalogue does not accept."""


class SessionExpiredError(AuthError):
    """The token was good once and has expired."""


class ForbiddenError(AuthError):
    """The user, or the public, may not do this."""


class NotFoundError(ScicatCommError):
    """The catalogue has no such dataset, sample, or whatever was asked for."""


class ConflictError(ScicatCommError):
    """What should be made exists already, or was changed meanwhile."""


class TransferError(ScicatError, RuntimeError):
    """Moving files failed."""


class UploadInterrupted(TransferError):  # noqa: N818  (it says what is where, rather than what is wrong)
    """An upload stopped half way: the message says what is where, and how to go on or to undo it.

    Parameters
    ----------
    message:
        What was tried and what happened.
    hint:
        What the user can do about it.
    pid:
        Identifier of the dataset, where it is known to be in the catalogue.
    source_folder:
        Folder on the file server that has the files.
    journal:
        File to go on with, see :meth:`scitacean.Client.resume_upload`; None where there is none.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        pid: str | None = None,
        source_folder: str | None = None,
        journal: Path | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.pid = pid
        self.source_folder = source_folder
        self.journal = journal


class FileNotAccessibleError(TransferError):
    """A file, folder or file server that cannot be reached, read or written.

    Parameters
    ----------
    message:
        What was tried and what happened.
    hint:
        What the user can do about it.
    remote_path:
        The path on the file server, where the error is about one.
    """

    def __init__(self, message: str, *, hint: str = "", remote_path: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.remote_path = remote_path


class LocalFileNotFoundError(FileNotAccessibleError, FileNotFoundError):
    """A file or folder of this machine that is not there."""


class LocalFileExistsError(FileNotAccessibleError, FileExistsError):
    """A file of this machine that is in the way of one that shall be downloaded."""


class HostNotReachableError(FileNotAccessibleError):
    """The file server does not answer, or the connection to it broke."""


class HostKeyError(FileNotAccessibleError):
    """The file server's host key is unknown, or differs from the one that is known."""


class FileServerLoginError(FileNotAccessibleError):
    """The file server refuses the user name, key or password."""


class FileUploadError(TransferError):
    """A file could not be written to the file server, or something is in its way."""


class UploadNotSupportedError(FileUploadError, NotImplementedError):
    """The file transfer only fetches files."""


class IntegrityError(TransferError):
    """One or more files do not have the bytes that they should have.

    Parameters
    ----------
    message:
        What was tried and what happened.
    hint:
        What the user can do about it.
    paths:
        The files on this machine, where it is known that they are, or would be.
    remote_paths:
        The files as the dataset names them, so that ``select`` can leave them out.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        paths: Iterable[Path] = (),
        remote_paths: Iterable[str] = (),
    ) -> None:
        super().__init__(message, hint=hint)
        self.paths = tuple(paths)
        self.remote_paths = tuple(remote_paths)
