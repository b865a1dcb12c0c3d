"""Many small files in one stream that tar on the host writes or reads.

Each file of its own costs some requests and their replies, which for small files is more than their
content. Not every host can do this, and tar tells little of what is wrong with a file: whatever does not
come through in this way is left to the requests for single files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Final

from scitacean.errors import HostNotReachableError
from scitacean.transfer.ssh.archive import END, NotAnArchiveError, Stream, header, padding
from scitacean.transfer.ssh.incoming import Incoming
from scitacean.transfer.ssh.lanes import LONG_ROUND_TRIP, Line
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import unmistakable
from scitacean.transfer.ssh.remote_command import CommandError, RemoteCommand
from scitacean.transfer.ssh.sending import SendSettings

LEAST_FILES: Final = 64
"""For fewer files it does not pay to start a command."""

_TAR: Final = "tar"
_SMALL: Final = 128 * 1024
# Where answers take long, several connections together move larger files faster than one stream.
_SMALL_FAR_AWAY: Final = 16 * 1024
# All names of a bundle fit into what a server takes before the command reads them.
_FILES_AT_ONCE: Final = 10_000
_NAME_BYTES: Final = 1 << 20
_WINDOW: Final = 4 << 20
_GATHERED: Final = 256 * 1024
_MODE: Final = 0o666

_WRITE_ARCHIVE: Final = (
    "tar --create --file=- --format=gnu --blocking-factor=128 --absolute-names --dereference "
    "--hard-dereference --no-recursion --ignore-failed-read --null --files-from=-"
)
_READ_ARCHIVE: Final = "tar --extract --file=- --blocking-factor=128 --absolute-names --no-same-owner"


def small_size(line: Line) -> int:
    """Return up to which size in bytes files go into a bundle."""
    return _SMALL if line.connected.round_trip < LONG_ROUND_TRIP else _SMALL_FAR_AWAY


def fetch_bundles(
    line: Line,
    tools: dict[str, bool],
    files: Iterable[Incoming],
    on_arrived: Callable[[Incoming, int], None],
    on_complete: Callable[[Sequence[Incoming]], None],
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

    Raises
    ------
    FileNotAccessibleError
        If a file cannot be written here, or the connection breaks and there is no other.
    """
    remaining = iter(files)
    while tools.get(_TAR, True) and (bundle := list(_portion(remaining))):
        with _fallible(line, tools):
            on_complete(_fetch(line, bundle, on_arrived))


def send_bundles(
    line: Line,
    tools: dict[str, bool],
    items: Iterable[Outgoing],
    settings: SendSettings,
    *,
    algorithms: Callable[[Outgoing], Collection[str]],
    on_sent: Callable[[Outgoing], None],
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
    algorithms:
        Tells of which checksums are to be computed on the way.
    on_sent:
        Is told which files have been sent.

    Returns
    -------
    :
        The files that are there.

    Raises
    ------
    FileUploadError
        If a local file is not what it was any more.
    FileNotAccessibleError
        If a local file cannot be read, or the connection breaks and there is no other.
    """
    there: set[Outgoing] = set()
    remaining = iter(items)
    while tools.get(_TAR, True) and (bundle := list(islice(remaining, _FILES_AT_ONCE))):
        with _fallible(line, tools):
            _send(line, bundle, settings, algorithms, on_sent)
            there.update(bundle)
    return there


@contextmanager
def _fallible(line: Line, tools: dict[str, bool]) -> Iterator[None]:
    """Go on without bundles where they do not work, over a new connection where this one broke."""
    try:
        yield
    except (CommandError, NotAnArchiveError):
        tools[_TAR] = False
        # A broken connection says nothing about the tools, but there is nothing lost without them either.
        line.again(lambda: line.sftp.ping())
    except HostNotReachableError:
        tools[_TAR] = False
        line.renew()


def _send(
    line: Line,
    bundle: Sequence[Outgoing],
    settings: SendSettings,
    algorithms: Callable[[Outgoing], Collection[str]],
    on_sent: Callable[[Outgoing], None],
) -> None:
    def blocks() -> Iterator[bytes]:
        mode = _MODE if settings.file_mode is None else settings.file_mode
        for item in bundle:
            mtime = item.mtime_ns // 1_000_000_000
            yield header(unmistakable(item.partial), size=item.size, mode=mode, mtime=mtime)
            yield item.read_all(algorithms(item))
            yield padding(item.size)
            on_sent(item)
        yield END

    options = " --no-same-permissions" if settings.file_mode is None else " --preserve-permissions"
    options += "" if settings.keep_times else " --touch"
    with RemoteCommand(line.connected, _READ_ARCHIVE + options, window=_WINDOW) as command:
        command.send(_gathered(blocks()))
        command.end_input()
        for _ in command.output():
            pass
        if command.exit_status() != 0:
            raise CommandError("tar was not content")
    if settings.sync:
        _sync(line, bundle)


def _sync(line: Line, bundle: Sequence[Outgoing]) -> None:
    with RemoteCommand(line.connected, "xargs -0 sync --", window=_WINDOW) as command:
        command.send([b"".join(unmistakable(item.partial) + b"\0" for item in bundle)])
        command.end_input()
        for _ in command.output():
            pass
        if command.exit_status() != 0:
            raise CommandError("sync was not content")


def _gathered(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield larger blocks of the same bytes: each one that is sent costs the same."""
    gathered: list[bytes] = []
    size = 0
    for block in blocks:
        gathered.append(block)
        size += len(block)
        if size >= _GATHERED:
            yield b"".join(gathered)
            gathered.clear()
            size = 0
    yield b"".join(gathered)


def _portion(files: Iterator[Incoming]) -> Iterator[Incoming]:
    size = 0
    for file in islice(files, _FILES_AT_ONCE):
        yield file
        size += len(file.path) + 1
        if size > _NAME_BYTES:
            return


def _fetch(
    line: Line, bundle: Sequence[Incoming], on_arrived: Callable[[Incoming, int], None]
) -> list[Incoming]:
    waiting = {unmistakable(file.path): file for file in bundle}
    complete = []
    with RemoteCommand(line.connected, _WRITE_ARCHIVE, window=_WINDOW) as command:
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
