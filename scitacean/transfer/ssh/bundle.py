"""Many small files in one stream that a command on the host writes or reads.

Each file of its own costs some requests and their replies, which for small files is more than their
content. Not every host can do this, and tar tells little of what is wrong with a file: whatever does not
come through in this way is left to the requests for single files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice, zip_longest
from typing import Final

from scitacean.transfer.ssh import host_program
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.archive import BLOCK, END, NotAnArchiveError, Stream, header, padding
from scitacean.transfer.ssh.incoming import Incoming
from scitacean.transfer.ssh.lanes import LONG_ROUND_TRIP, Line
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import unmistakable
from scitacean.transfer.ssh.receiving import send_to
from scitacean.transfer.ssh.remote_command import (
    CommandError,
    Program,
    RemoteCommand,
    fallible,
    gathered,
)
from scitacean.transfer.ssh.sending import SendSettings

_TAR: Final = "tar"
SMALL: Final = 128 * 1024
"""Up to how many bytes a file has so that it goes into a bundle."""

# A server takes 2 MiB of a stream before it must say that it has room again; where that takes long, several
# streams go side by side, if that is worth the start of another login shell.
_MOST_STREAMS: Final = 4
_BYTES_OF_STREAM: Final = 48 << 20
# All names of a bundle fit into what a server takes before the command reads them.
_FILES_AT_ONCE: Final = 10_000
_NAME_BYTES: Final = 1 << 20
# With 8 MiB sshd moves what it buffers to and fro, and takes twice as long for files of 64 KiB.
_WINDOW: Final = 4 << 20
_MODE: Final = 0o666

_WRITE_ARCHIVE: Final = (
    "tar --create --file=- --format=gnu --blocking-factor=128 --absolute-names --dereference "
    "--hard-dereference --no-recursion --ignore-failed-read --null --files-from=-"
)
_READ_ARCHIVE: Final = "tar --extract --file=- --blocking-factor=128 --absolute-names --no-same-owner"


def fetch_bundles(
    line: Line,
    tools: dict[str, bool],
    files: Iterable[Incoming],
    on_arrived: Callable[[Incoming, int], None],
    on_complete: Callable[[Sequence[Incoming]], None],
    *,
    ahead: CommandsAhead,
) -> None:
    """Fetch small files in bundles, as many as come through.

    Parameters
    ----------
    line:
        The connection, which works at the end.
    tools:
        What is known of the host.
    files:
        What to fetch; no two have the same path.
    on_arrived:
        Is told how many more bytes of a file are here.
    on_complete:
        Is told which files are complete and right.
    ahead:
        May have what makes them.

    Raises
    ------
    FileNotAccessibleError
        If a file cannot be written here, or the connection breaks and there is no other.
    """
    remaining = iter(files)
    while tools.get(_TAR, True) and (bundle := list(_portion(remaining))):
        with fallible(line, tools, _TAR):
            try:
                on_complete(_fetch(ahead, bundle, on_arrived))
            except NotAnArchiveError as error:
                raise CommandError("its output is no archive") from error


def receiving_program(tools: dict[str, bool], settings: SendSettings) -> Program:
    """Return what takes bundles on the host.

    Parameters
    ----------
    tools:
        What is known of the host.
    settings:
        How files are written.
    """
    return host_program.program() if tools.get(host_program.PERL, True) else _read_archive(settings)


def sending_program() -> Program:
    """Return what makes bundles on the host."""
    return Program(_TAR, _WRITE_ARCHIVE, window=_WINDOW, changes_files=False)


def programs_for_bundles(
    line: Line, tools: dict[str, bool], settings: SendSettings, number: int, size: int
) -> tuple[Program, int]:
    """Return what takes bundles of files on the host, and how much of it serves a number and their bytes."""
    return receiving_program(tools, settings), _streams(line, number, size)


def send_bundles(
    line: Line,
    tools: dict[str, bool],
    items: Iterable[Outgoing],
    settings: SendSettings,
    *,
    ahead: CommandsAhead,
    algorithms: Callable[[Outgoing], Collection[str]],
    on_sent: Callable[[Outgoing], None],
    on_there: Callable[[Outgoing], None],
) -> set[Outgoing]:
    """Send small files to their partial names in bundles, as many as come through.

    Parameters
    ----------
    line:
        The connection, which works at the end.
    tools:
        What is known of the host.
    items:
        What to send.
    settings:
        How files are written.
    ahead:
        May have what :func:`programs_for_bundles` names.
    algorithms:
        Tells, before anything of a file is sent, which checksums of it are to be computed on the way.
    on_sent:
        Is told which files have been sent.
    on_there:
        Is told which of them the host says are there, where it says so.

    Returns
    -------
    :
        The files that are there, but not on the host's disk yet.

    Raises
    ------
    FileUploadError
        If a local file is not what it was any more.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks and there is no other.
    """
    there: set[Outgoing] = set()
    remaining = iter(items)
    while bundle := list(islice(remaining, _FILES_AT_ONCE)):
        is_begun = False
        if tools.get(host_program.PERL, True):
            with (
                fallible(line, tools, host_program.PERL),
                ahead.running(host_program.program(), _streams_for(line, bundle)) as commands,
            ):
                is_begun = True
                there |= send_to(
                    commands, bundle, settings, algorithms=algorithms, on_sent=on_sent, on_there=on_there
                )
        # Where it broke in the middle, what is there of these files is left to requests.
        if not is_begun and tools.get(_TAR, True):
            with fallible(line, tools, _TAR):
                _send(line, bundle, settings, ahead, algorithms, on_sent)
                there.update(bundle)
    return there


def _streams_for(line: Line, bundle: Sequence[Outgoing]) -> int:
    return _streams(line, len(bundle), sum(item.size for item in bundle))


def _streams(line: Line, number: int, size: int) -> int:
    streams = host_program.programs_for(number)
    if line.connected.round_trip < LONG_ROUND_TRIP:
        return streams
    return max(streams, min(_MOST_STREAMS, 1 + size // _BYTES_OF_STREAM))


def _read_archive(settings: SendSettings) -> Program:
    permissions = " --no-same-permissions" if settings.file_mode is None else " --preserve-permissions"
    times = "" if settings.keep_times else " --touch"
    return Program(_TAR, _READ_ARCHIVE + permissions + times, window=_WINDOW)


def _send(
    line: Line,
    bundle: Sequence[Outgoing],
    settings: SendSettings,
    ahead: CommandsAhead,
    algorithms: Callable[[Outgoing], Collection[str]],
    on_sent: Callable[[Outgoing], None],
) -> None:
    streams = _streams_for(line, bundle)
    with ExitStack() as stack:
        commands = [stack.enter_context(ahead.take(_read_archive(settings))) for _ in range(streams)]
        shares = [
            gathered(_archive(bundle[number::streams], settings, algorithms, on_sent))
            for number in range(streams)
        ]
        for blocks in zip_longest(*shares, fillvalue=b""):
            for command, block in zip(commands, blocks, strict=True):
                command.send([block])
        for command in commands:
            command.end_input()
        for command in commands:
            _finish(command)


def _archive(
    items: Sequence[Outgoing],
    settings: SendSettings,
    algorithms: Callable[[Outgoing], Collection[str]],
    on_sent: Callable[[Outgoing], None],
) -> Iterator[bytes]:
    mode = _MODE if settings.file_mode is None else settings.file_mode
    for item in items:
        needed = algorithms(item)
        mtime = item.mtime_ns // 1_000_000_000
        yield header(unmistakable(item.partial), size=item.size, mode=mode, mtime=mtime)
        yield item.read_all(needed)
        if item.size % BLOCK:
            yield padding(item.size)
        item.needs_sync = settings.sync
        on_sent(item)
    yield END


def _finish(command: RemoteCommand) -> None:
    for _ in command.output():
        # Nothing is expected, but a shell may say something.
        pass
    if command.exit_status() != 0:
        # Of what went wrong tar tells in the language of the host.
        raise CommandError("the command was not content")


def _portion(files: Iterator[Incoming]) -> Iterator[Incoming]:
    size = 0
    for file in islice(files, _FILES_AT_ONCE):
        yield file
        size += len(file.path) + 1
        if size > _NAME_BYTES:
            return


def _fetch(
    ahead: CommandsAhead, bundle: Sequence[Incoming], on_arrived: Callable[[Incoming, int], None]
) -> list[Incoming]:
    try:
        return _received(ahead, bundle, on_arrived)
    except BaseException:
        # Of a file that shrinks meanwhile tar sends zeros to the end, and says so when it ends.
        for file in bundle:
            file.drop()
        raise


def _received(
    ahead: CommandsAhead, bundle: Sequence[Incoming], on_arrived: Callable[[Incoming, int], None]
) -> list[Incoming]:
    waiting = {unmistakable(file.path): file for file in bundle}
    complete = []
    with ahead.take(sending_program()) as command:
        command.send([b"".join(name + b"\0" for name in waiting)])
        command.end_input()
        stream = Stream(command.output())
        for entry in stream.entries():
            file = waiting.pop(entry.name, None) if entry.is_file else None
            if file is None:
                # A folder or the like, of which a request of its own will tell.
                _skip(stream, entry.size)
                continue
            _receive(stream, file, entry.size, on_arrived)
            complete.append(file)
        if command.exit_status() != 0:
            # Of a file that changed meanwhile, for example; it does not say which in any language.
            raise CommandError("tar was not content")
    return complete


def _receive(stream: Stream, file: Incoming, size: int, on_arrived: Callable[[Incoming, int], None]) -> None:
    end = file.begin(size)
    position = 0
    while position < end:
        block = stream.some(end - position)
        on_arrived(file, file.arrived(position, block))
        position += len(block)
    _skip(stream, size - position)


def _skip(stream: Stream, size: int) -> None:
    while size > 0:
        size -= len(stream.some(size))
