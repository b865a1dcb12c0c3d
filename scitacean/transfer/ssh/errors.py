"""What a server's refusals mean for the user."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scitacean.errors import FileNotAccessibleError, FileUploadError
from scitacean.transfer.ssh.paths import parent, shown
from scitacean.transfer.ssh.sftp_packets import Attributes, SftpRefusedError, Status
from scitacean.transfer.ssh.sftp_session import SftpSession

_MOST_LISTED = 20


def cannot_read(refusal: SftpRefusedError, path: bytes, host: str) -> FileNotAccessibleError:
    """Return the error for a file that the server does not let us read."""
    if refusal.code == Status.NO_SUCH_FILE:
        message = f"There is no file {shown(path)} on {host}."
        hint = (
            "It may have been moved or archived. Or the host has the folder under another path: "
            "give the file transfer path_prefixes."
        )
    elif refusal.code == Status.PERMISSION_DENIED:
        message = f"You may not read {shown(path)} on {host}."
        hint = "Ask its owner for access."
    else:
        message = f"{host} cannot read {shown(path)}: {refusal.text}."
        hint = "Tell those who run the server, if that does not explain it."
    return FileNotAccessibleError(message, hint=hint, remote_path=shown(path))


def check_is_file(attributes: Attributes, path: bytes, host: str) -> None:
    """Check that what is to be read has an end.

    Parameters
    ----------
    attributes:
        What the server says; where it does not say what it is, it is believed to be a file.
    path:
        On the host.
    host:
        Name of the server.

    Raises
    ------
    FileNotAccessibleError
        If it is a folder, a pipe or a device.
    """
    if attributes.mode is None or attributes.is_file:
        return
    what = (
        "a folder, not a file" if attributes.is_folder else "no regular file but a pipe, device or the like"
    )
    raise FileNotAccessibleError(
        f"{shown(path)} on {host} is {what}.",
        hint="Tell the owner of the dataset: its list of files is wrong.",
        remote_path=shown(path),
    )


def cannot_write(
    refusal: SftpRefusedError, path: bytes, session: SftpSession, *, needed: int = 1
) -> FileUploadError:
    """Return the error for a file that the server does not let us write.

    Servers say "failure" for a full disk and for most else, so this looks.

    Parameters
    ----------
    refusal:
        What the server said.
    path:
        The file on the host.
    session:
        To ask for the free space.
    needed:
        How many bytes were still to be written.
    """
    host = session.host
    if refusal.code == Status.PERMISSION_DENIED:
        return FileUploadError(
            f"You may not write {shown(path)} on {host}.",
            hint="Check the source folder and its permissions.",
        )
    free = session.free_space(parent(path))
    if free is not None and free < needed:
        return disk_full(parent(path), host, free=free, needed=needed)
    return FileUploadError(
        f"{host} cannot write {shown(path)}: {refusal.text}.",
        hint="Check the source folder, its permissions and your quota there.",
    )


def disk_full(folder: bytes, host: str, *, free: int, needed: int) -> FileUploadError:
    """Return the error for too little space."""
    return FileUploadError(
        f"The disk of {host} is full: {free} bytes are free at {shown(folder)}, {needed} are needed.",
        hint="Make room there or use another source folder.",
    )


def already_there(paths: Sequence[bytes], host: str) -> FileUploadError:
    """Return the error for names that are taken."""
    first, others = shown(paths[0]), "".join(f"\n  - {shown(path)}" for path in paths[1:_MOST_LISTED])
    more = len(paths) - _MOST_LISTED
    others += f"\n  and {more:,} more" if more > 0 else ""
    listing = f" The same holds for:{others}\n" if others else ""
    return FileUploadError(
        f"There is a file {first} on {host} already, and files are never overwritten.{listing}",
        hint="Use another source folder, or move what is there away.",
    )


def no_folder(path: bytes, host: str) -> FileUploadError:
    """Return the error for something else where a folder should be."""
    return FileUploadError(
        f"Cannot make the folder {shown(path)} on {host}: there is a file of that name.",
        hint="Use another source folder.",
    )


class LocalFileChangedError(FileUploadError):
    """A local file is not what it was when the upload began."""


def changed_meanwhile(local: Path) -> LocalFileChangedError:
    """Return the error for a local file that changed while it was sent."""
    return LocalFileChangedError(
        f"The file {local} changed while it was uploaded.",
        hint="Wait until nothing writes to it any more, then upload again.",
    )


def local_problem(error: OSError, local: Path) -> FileNotAccessibleError:
    """Return the error for a local file that cannot be read or written."""
    return FileNotAccessibleError(
        f"Cannot read or write {local}: {error.strerror or error}.",
        hint="Check what it is, its permissions, and that there is space.",
    )
