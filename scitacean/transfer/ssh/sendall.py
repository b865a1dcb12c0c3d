"""Sending all of some bytes over a channel."""

from __future__ import annotations

from paramiko import Channel

# Channel.sendall is quadratic in what it is given, and Channel.send takes at most this much.
_SEND_AT_ONCE = 32_704


def send_all(channel: Channel, content: bytes) -> bool:
    """Send bytes.

    Parameters
    ----------
    channel:
        Where to.
    content:
        What.

    Returns
    -------
    :
        Whether all was taken; otherwise the other side has closed the channel.

    Raises
    ------
    OSError, EOFError, paramiko.SSHException
        If the connection is broken or the other side takes nothing for longer than the timeout.
    """
    position = 0
    while position < len(content):
        sent = channel.send(content[position : position + _SEND_AT_ONCE])
        if not sent:
            return False
        position += sent
    return True
