"""What a file server is shown at sign-in, and the errors for what it does not take."""

from __future__ import annotations

from pathlib import Path

from paramiko import PKey, SSHException

from scitacean.credentials import StrStorage
from scitacean.errors import FileServerLoginError


def load_key(path: Path, passphrase: StrStorage | None) -> PKey:
    """Read a private key.

    Parameters
    ----------
    path:
        File in OpenSSH's or PEM format.
    passphrase:
        For an encrypted one.

    Raises
    ------
    FileServerLoginError
        If the file cannot be read or the passphrase is wrong.
    """
    secret = None if passphrase is None else passphrase.get_str().encode()
    try:
        return PKey.from_path(path.expanduser(), secret)  # type: ignore[arg-type]  # bytes: str is refused
    except OSError as error:
        reason, hint = error.strerror or "it cannot be read", "Check the path and its permissions."
    except (SSHException, TypeError, ValueError):
        # What the libraries say differs with the format of the key, and frames hold the passphrase.
        if secret is None:
            reason = "it is no private key that is known here, or it needs a passphrase"
            hint = "Give its passphrase, or name another key file."
        else:
            reason = "the passphrase is wrong, or it is no encrypted private key"
            hint = "Check the passphrase with: ssh-keygen -y -f KEYFILE"
    raise FileServerLoginError(f"Cannot use the key file {path}: {reason}.", hint=hint) from None


def login_refused(who: str, reason: object, *, key: Path | None, with_password: bool) -> FileServerLoginError:
    """Return the error for a server that does not let the user in.

    Parameters
    ----------
    who:
        User and host.
    reason:
        What the SSH library says.
    key:
        The key file that was named.
    with_password:
        Whether a password was given.
    """
    shown = [
        *([f"the key file {key}"] if key is not None else []),
        "the keys of the agent and of ~/.ssh",
        *(["the password"] if with_password else []),
    ]
    return FileServerLoginError(
        f"The file server refuses to let {who} in: {str(reason).rstrip('.')}. It was shown "
        f"{' and '.join(shown)}.",
        hint="Check user name and password, or that the public key is among the authorized ones there.",
    )
