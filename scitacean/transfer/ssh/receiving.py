"""Many small files in streams to a program on the host that tells of each what is there then."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

from scitacean.transfer.ssh import host_program
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.remote_command import RemoteCommand, gathered
from scitacean.transfer.ssh.sending import SendSettings
from scitacean.transfer.ssh.sftp_packets import Attributes

# Of what is under way nobody has told yet: more than a server takes before it must say that it has room
# again. All that is told of them fits into what the host may write before we read it.
_FILES_AT_ONCE: Final = 500
_BYTES_AT_ONCE: Final = 1 << 20
_PORTIONS: Final = 4


def send_to(
    commands: Sequence[RemoteCommand],
    items: Sequence[Outgoing],
    settings: SendSettings,
    *,
    algorithms: Callable[[Outgoing], Collection[str]],
    on_sent: Callable[[Outgoing], None],
    on_there: Callable[[Outgoing], None],
) -> set[Outgoing]:
    """Send files to their partial names, and note what the host says of them.

    Parameters
    ----------
    commands:
        Programs, the first of which runs; the others serve as soon as they do.
    items:
        What to send.
    settings:
        How files are written.
    algorithms:
        Tells, before anything of a file is sent, which checksums of it are to be computed on the way.
    on_sent:
        Is told which files have been sent.
    on_there:
        Is told which files are there.

    Returns
    -------
    :
        The files that are there, but not on the host's disk yet; the others could not be written.

    Raises
    ------
    CommandError
        If a program ends or the connection breaks; then what is there of any of the files is unknown.
    FileUploadError
        If a local file is not what it was any more.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks and there is no other.
    """
    there: dict[Outgoing, Attributes] = {}

    def note(item: Outgoing, attributes: Attributes) -> None:
        there[item] = attributes
        on_sent(item)
        on_there(item)

    portions = _portions(items)
    starting, streams = list(commands), [_stream(commands[0], portions, settings, algorithms, note)]
    while streams:
        # A login shell may take longer than all of this.
        for command in [command for command in starting[1:] if command.runs_already()]:
            starting.remove(command)
            streams.append(_stream(command, portions, settings, algorithms, note))
        streams = [stream for stream in streams if next(stream, False)]
    for item, attributes in there.items():
        item.attributes, item.told_over = attributes, commands[0].connected
        item.needs_sync = settings.sync
    return set(there)


def _stream(
    command: RemoteCommand,
    portions: Iterator[Sequence[Outgoing]],
    settings: SendSettings,
    algorithms: Callable[[Outgoing], Collection[str]],
    note: Callable[[Outgoing, Attributes], None],
) -> Iterator[bool]:
    """Send files until others have sent the rest; yield after each block."""
    lines = host_program.told(command)
    waiting: deque[Sequence[Outgoing]] = deque()
    for portion in portions:
        for block in gathered(_frames(portion, settings, algorithms)):
            command.send([block])
            yield True
        waiting.append(portion)
        if len(waiting) == _PORTIONS:
            _take(waiting.popleft(), lines, note)
    while waiting:
        _take(waiting.popleft(), lines, note)


def _frames(
    portion: Sequence[Outgoing],
    settings: SendSettings,
    algorithms: Callable[[Outgoing], Collection[str]],
) -> Iterator[bytes]:
    for item in portion:
        needed = algorithms(item)
        yield host_program.to_receive(item, settings)
        yield item.read_all(needed)
    yield host_program.TELL


def _take(
    portion: Sequence[Outgoing], lines: Iterator[bytes], note: Callable[[Outgoing, Attributes], None]
) -> None:
    for item in portion:
        attributes = host_program.is_there(lines)
        if attributes is not None:
            note(item, attributes)


def _portions(items: Sequence[Outgoing]) -> Iterator[list[Outgoing]]:
    portion: list[Outgoing] = []
    size = 0
    for item in items:
        portion.append(item)
        size += item.size
        if len(portion) == _FILES_AT_ONCE or size >= _BYTES_AT_ONCE:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion
