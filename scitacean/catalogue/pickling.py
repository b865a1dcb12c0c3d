"""What a pickled client takes along: addresses, settings, and where secrets come from, never a secret."""

from __future__ import annotations

import ssl

import httpx

from scitacean.catalogue.http import ConnectionOptions
from scitacean.credentials import StrStorage


def check_can_be_pickled(options: ConnectionOptions, *, has_own_auth: bool) -> None:
    """Refuse to pickle what cannot leave this process, or must not.

    Parameters
    ----------
    options:
        How the server is reached.
    has_own_auth:
        Whether an object of the user's signs the requests.

    Raises
    ------
    TypeError
        If something cannot be pickled.
    """
    cert, proxy = options.get("cert"), options.get("proxy")
    faults = {
        "it has a transport of its own": options.get("transport") is not None,
        "it has an auth of its own": has_own_auth,
        "verify is an SSL context (give the file with the certificates)": isinstance(
            options.get("verify"), ssl.SSLContext
        ),
        "cert has the password of the key (use a key without, with permissions for you alone)": isinstance(
            cert, tuple
        )
        and len(cert) > 2,
        "the URL of the proxy has a password (leave proxy out and set HTTPS_PROXY)": proxy is not None
        and (isinstance(proxy, StrStorage) or bool(httpx.URL(proxy).password)),
    }
    for fault, found in faults.items():
        if found:
            raise TypeError(
                f"This client cannot be pickled: {fault}. Else make it in the process that uses it, with "
                "Client.from_credentials or Client.from_token and secrets of scitacean.credentials."
            )
