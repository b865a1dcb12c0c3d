"""What is asked of the transfer for a file of a dataset, and what the file is after that."""

from __future__ import annotations

from scitacean.errors import FileUploadError
from scitacean.model.checksum import known_or_none
from scitacean.model.file import File
from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import SendRequest, Sent


def request_for(file: File, source_folder: RemotePath) -> SendRequest:
    """Return what is asked for a file that goes into a source folder.

    Raises
    ------
    FileUploadError
        If the file has no local path.
    """
    if file.local_path is None:
        raise FileUploadError(
            f"The file {file.remote_path} has no local path, so there is nothing to upload.",
            hint="Upload files that were made with File.from_local.",
        )
    return SendRequest(
        local=file.local_path,
        remote=source_folder / file.remote_path,
        checksum_algorithm=known_or_none(file.checksum_algorithm),
    )


def uploaded(file: File, sent: Sent) -> File:
    """Return the file as it is on both sides."""
    return file.uploaded(
        remote_uid=sent.uid,
        remote_gid=sent.gid,
        remote_perm=sent.permissions,
        remote_size=sent.size,
        remote_creation_time=sent.modified,
        remote_checksum=sent.checksum,
    )
