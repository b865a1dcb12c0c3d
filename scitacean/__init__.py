"""Move datasets, metadata and files, into and out of the SciCat catalogue.

Names are loaded when they are first used, so that ``import scitacean`` costs little.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from scitacean._version import __version__

if TYPE_CHECKING:
    from scitacean.client import Client
    from scitacean.credentials import ExpiringToken, SecretStr, StrStorage
    from scitacean.errors import (
        AuthError,
        ConfigurationError,
        FileNotAccessibleError,
        FileUploadError,
        IntegrityError,
        ScicatCommError,
        ScicatError,
        TransferError,
        ValidationError,
    )
    from scitacean.model.attachment import Attachment
    from scitacean.model.dataset import Dataset
    from scitacean.model.file import File
    from scitacean.model.parts import Lifecycle, Relationship, Technique
    from scitacean.model.pid import PID
    from scitacean.model.remote_path import RemotePath
    from scitacean.model.sample import Sample
    from scitacean.model.thumbnail import Thumbnail

_MODULE_OF = {
    "Client": "client",
    "ExpiringToken": "credentials",
    "SecretStr": "credentials",
    "StrStorage": "credentials",
    "AuthError": "errors",
    "ConfigurationError": "errors",
    "FileNotAccessibleError": "errors",
    "FileUploadError": "errors",
    "IntegrityError": "errors",
    "ScicatCommError": "errors",
    "ScicatError": "errors",
    "TransferError": "errors",
    "ValidationError": "errors",
    "Attachment": "model.attachment",
    "Dataset": "model.dataset",
    "File": "model.file",
    "Lifecycle": "model.parts",
    "Relationship": "model.parts",
    "Technique": "model.parts",
    "PID": "model.pid",
    "RemotePath": "model.remote_path",
    "Sample": "model.sample",
    "Thumbnail": "model.thumbnail",
}

__all__ = [
    "PID",
    "Attachment",
    "AuthError",
    "Client",
    "ConfigurationError",
    "Dataset",
    "ExpiringToken",
    "File",
    "FileNotAccessibleError",
    "FileUploadError",
    "IntegrityError",
    "Lifecycle",
    "Relationship",
    "RemotePath",
    "Sample",
    "ScicatCommError",
    "ScicatError",
    "SecretStr",
    "StrStorage",
    "Technique",
    "Thumbnail",
    "TransferError",
    "ValidationError",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
