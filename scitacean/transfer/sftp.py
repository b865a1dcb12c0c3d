"""The name that scitacean's transfer over SSH had before it could do more than SFTP."""

from scitacean.transfer.ssh.transfer import SSHFileTransfer

SFTPFileTransfer = SSHFileTransfer
"""The same class as :class:`scitacean.transfer.ssh.SSHFileTransfer`."""

__all__ = ["SFTPFileTransfer"]
