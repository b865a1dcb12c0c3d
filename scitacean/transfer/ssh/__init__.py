"""Moving files to and from file servers over SSH."""

from scitacean.transfer.ssh.prompts import Prompt
from scitacean.transfer.ssh.transfer import SSHFileTransfer

__all__ = ["Prompt", "SSHFileTransfer"]
