"""A program that runs on the host, for what takes a request a file otherwise: it writes and names many files.

It is in Perl, which most hosts have, and reads from its input what is to be done, so that no name is ever
part of a command. A login shell may take long to start: this one serves a whole upload.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import unmistakable
from scitacean.transfer.ssh.remote_command import CommandError, Program, RemoteCommand
from scitacean.transfer.ssh.sending import SendSettings
from scitacean.transfer.ssh.sftp_packets import Attributes

PERL: Final = "perl"
_GREETING: Final = b"scitacean-perl-runs\n"
# What it does, each with a zero byte behind it:
# - "r", size, permissions and time with blanks between, path, and behind the zero byte the content: make a
#   file, when all of it is here, and look what is there then;
# - "n" and an old name, and a new one: name a file; "s" puts it onto the disk before. A second name before
#   the first one goes: that never replaces a file;
# - nothing: tell of those before.
# What was cut off is not done. It is one line and has no quotes inside, so every shell takes it as it is.
_PROGRAM: Final = (
    "perl -MFcntl -e '"
    "binmode STDIN; binmode STDOUT; $| = 1; "
    "my ($in, $told, $make) = (q(), q(), O_WRONLY | O_CREAT | O_EXCL); "
    "sub more { sysread STDIN, $in, 262144, length $in or exit } "
    "sub field { "
    "my $end; more() while ($end = index $in, chr 0) < 0; "
    "my $field = substr $in, 0, $end + 1, q(); chop $field; return $field "
    "} "
    "print qq(scitacean-perl-runs\\n); "
    "while (1) { "
    "my ($name, $file, $done) = field(); "
    "my $how = substr $name, 0, 1, q(); "
    "if ($how eq q()) { print $told; $told = q() } "
    "elsif ($how eq q(r)) { "
    "(my ($size, $mode, $time), $name) = split / /, $name, 4; "
    "my $new = $mode eq q() ? 0666 : $mode; "
    "more() while length $in < $size; "
    "if (sysopen $file, $name, $make, $new or unlink $name and sysopen $file, $name, $make, $new) { "
    "$done = $size == syswrite $file, $in, $size; "
    "chmod $mode, $file if $mode ne q(); "
    "utime $time, $time, $file if $time ne q(); "
    "$done = close($file) && $done "
    "} "
    "substr $in, 0, $size, q(); "
    "my @is = lstat $name; "
    "$told .= $done && @is ? qq(+@is[7, 4, 5, 2]\\n) : qq(-\\n) "
    "} else { "
    "my $new = field(); "
    "$done = (($how eq q(n) or open $file, q(<), $name and $file->sync) "
    "and link $name, $new and unlink $name); "
    "$told .= $done ? qq(+\\n) : qq(-\\n) "
    "} }'"
)
_DONE: Final = b"+"
_NOT_DONE: Final = b"-"
_IS_THERE: Final = re.compile(rb"\+(\d+) (\d+) (\d+) (\d+)")
# All that it tells of at a time fits.
_WINDOW: Final = 4 << 20

# Each takes a login shell, of which most hosts let one connection have ten.
_FILES_OF_PROGRAM: Final = 6_000
_MOST_PROGRAMS: Final = 4

TELL: Final = b"\0"
"""Asks the program to tell of all before."""


def programs_for(number: int) -> int:
    """Return how many of it serve a number of files: file systems make several at a time."""
    return min(_MOST_PROGRAMS, 1 + number // _FILES_OF_PROGRAM)


def program() -> Program:
    """Return the program."""
    return Program(PERL, _PROGRAM, window=_WINDOW, greeting=_GREETING)


def to_receive(item: Outgoing, settings: SendSettings) -> bytes:
    """Return what stands before the content of a file that is to be received at its partial name."""
    mode = b"" if settings.file_mode is None else b"%d" % settings.file_mode
    mtime = b"%d" % (item.mtime_ns // 1_000_000_000) if settings.keep_times else b""
    return b"r%d %s %s %s\0" % (item.size, mode, mtime, unmistakable(item.partial))


def to_name(item: Outgoing, *, sync: bool) -> bytes:
    """Return what has a file named, after it was put onto the disk where that is asked."""
    return (b"s" if sync else b"n") + unmistakable(item.partial) + b"\0" + unmistakable(item.target) + b"\0"


def told(command: RemoteCommand) -> Iterator[bytes]:
    """Yield what the program tells, of one file after another.

    Raises
    ------
    CommandError
        If the connection breaks.
    HostNotReachableError
        If nothing comes for longer than the timeout and the host does not answer either.
    """
    rest = b""
    for block in command.output():
        *lines, rest = (rest + block).split(b"\n")
        yield from lines


def has_name(lines: Iterator[bytes]) -> bool:
    """Return whether the next file has its name.

    Raises
    ------
    CommandError
        If the program does not tell, or the connection breaks.
    HostNotReachableError
        If nothing comes for longer than the timeout and the host does not answer either.
    """
    line = next(lines, None)
    if line not in (_DONE, _NOT_DONE):
        raise CommandError("the host did not tell what it has named")
    return line == _DONE


def is_there(lines: Iterator[bytes]) -> Attributes | None:
    """Return what is there of the next file; None where it could not be written.

    Raises
    ------
    CommandError
        If the program does not tell, or the connection breaks.
    HostNotReachableError
        If nothing comes for longer than the timeout and the host does not answer either.
    """
    return _attributes(next(lines, b""))


# Of most files of an upload the same is told.
@lru_cache
def _attributes(line: bytes) -> Attributes | None:
    if line == _NOT_DONE:
        return None
    if (found := _IS_THERE.fullmatch(line)) is None:
        raise CommandError("the host did not tell what it has received")
    return Attributes(*map(int, found.groups()))
