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
        BadAnswerError,
        ConfigurationError,
        ConflictError,
        FileNotAccessibleError,
        FileServerLoginError,
        FileUploadError,
        ForbiddenError,
        HostKeyError,
        HostNotReachableError,
        IntegrityError,
        LocalFileNotFoundError,
        LoginError,
        NotFoundError,
        ScicatCommError,
        ScicatError,
        ServerUnreachableError,
        SessionExpiredError,
        TransferError,
        UploadInterrupted,
        UploadNotSupportedError,
        ValidationError,
        ValidationWarning,
    )
    from scitacean.model.attachment import Attachment, AttachmentRelationship
    from scitacean.model.datablock import Datablock
    from scitacean.model.dataset import Dataset
    from scitacean.model.file import File
    from scitacean.model.instrument import Instrument
    from scitacean.model.job import Job
    from scitacean.model.orig_datablock import OrigDatablock
    from scitacean.model.parts import Lifecycle, Relationship, Technique
    from scitacean.model.pid import PID
    from scitacean.model.proposal import MeasurementPeriod, Proposal
    from scitacean.model.published_data import PublishedData
    from scitacean.model.remote_path import RemotePath
    from scitacean.model.sample import Sample
    from scitacean.model.thumbnail import Thumbnail

_MODULE_OF = {
    "Client": "client",
    "ExpiringToken": "credentials",
    "SecretStr": "credentials",
    "StrStorage": "credentials",
    "AuthError": "errors",
    "BadAnswerError": "errors",
    "ConfigurationError": "errors",
    "ConflictError": "errors",
    "FileNotAccessibleError": "errors",
    "FileServerLoginError": "errors",
    "FileUploadError": "errors",
    "ForbiddenError": "errors",
    "HostKeyError": "errors",
    "HostNotReachableError": "errors",
    "IntegrityError": "errors",
    "LocalFileNotFoundError": "errors",
    "LoginError": "errors",
    "NotFoundError": "errors",
    "ScicatCommError": "errors",
    "ScicatError": "errors",
    "ServerUnreachableError": "errors",
    "SessionExpiredError": "errors",
    "TransferError": "errors",
    "UploadInterrupted": "errors",
    "UploadNotSupportedError": "errors",
    "ValidationError": "errors",
    "ValidationWarning": "errors",
    "Attachment": "model.attachment",
    "AttachmentRelationship": "model.attachment",
    "Datablock": "model.datablock",
    "Dataset": "model.dataset",
    "File": "model.file",
    "Instrument": "model.instrument",
    "Job": "model.job",
    "OrigDatablock": "model.orig_datablock",
    "Lifecycle": "model.parts",
    "Relationship": "model.parts",
    "Technique": "model.parts",
    "PID": "model.pid",
    "MeasurementPeriod": "model.proposal",
    "Proposal": "model.proposal",
    "PublishedData": "model.published_data",
    "RemotePath": "model.remote_path",
    "Sample": "model.sample",
    "Thumbnail": "model.thumbnail",
}

__all__ = [
    "PID",
    "Attachment",
    "AttachmentRelationship",
    "AuthError",
    "BadAnswerError",
    "Client",
    "ConfigurationError",
    "ConflictError",
    "Datablock",
    "Dataset",
    "ExpiringToken",
    "File",
    "FileNotAccessibleError",
    "FileServerLoginError",
    "FileUploadError",
    "ForbiddenError",
    "HostKeyError",
    "HostNotReachableError",
    "Instrument",
    "IntegrityError",
    "Job",
    "Lifecycle",
    "LocalFileNotFoundError",
    "LoginError",
    "MeasurementPeriod",
    "NotFoundError",
    "OrigDatablock",
    "Proposal",
    "PublishedData",
    "Relationship",
    "RemotePath",
    "Sample",
    "ScicatCommError",
    "ScicatError",
    "SecretStr",
    "ServerUnreachableError",
    "SessionExpiredError",
    "StrStorage",
    "Technique",
    "Thumbnail",
    "TransferError",
    "UploadInterrupted",
    "UploadNotSupportedError",
    "ValidationError",
    "ValidationWarning",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
