"""Checksums that the host computes of large files while they are still being written.

The tools of the host read a file once, from its beginning to its end. A program there reads what has been
written so far, of which it is told, and gives it to them; where it cannot, the checksums are missing.
"""

from __future__ import annotations

import re
import threading
from typing import Final

from scitacean.errors import HostNotReachableError
from scitacean.transfer.ssh import host_program
from scitacean.transfer.ssh.ahead import CommandsAhead
from scitacean.transfer.ssh.checksums import TOOLS
from scitacean.transfer.ssh.outgoing import Outgoing
from scitacean.transfer.ssh.paths import unmistakable
from scitacean.transfer.ssh.remote_command import CommandError, Program

# For less it does not pay to start another login shell.
_LEAST_BYTES: Final = 64 << 20
# To start a tool for a file takes as long as the checksum of a megabyte, so smaller ones share one. Some are
# compared while others come: so many, or of so many bytes.
_FOLLOWED: Final = 32 << 20
_FILES_OF_TOOL: Final = 250
_BYTES_OF_TOOL: Final = 64 << 20
# All that it tells of fits into what the host may write before we read it, whatever the names are.
_MOST_FILES: Final = 20_000
_WINDOW: Final = 96 << 20
_GREETING: Final = b"scitacean-follows\0"
# What it does, each with a zero byte behind it:
# - "f", how many bytes are there, a blank and a path: give the tool what is there of a file;
#   and say "+" every 128 MiB, as a sign of life;
# - "e" and a path: that was all; tell the checksum, and then the path behind "=", or "-" where it is wrong;
# - "c" and a path, of a file that is complete; "t": tell the checksums of these.
# It is one line and has neither quotes nor exclamation marks inside, which the C shell expands even there, so
# every shell takes it as it is.
_PROGRAM: Final = (
    "perl -e '"
    "binmode STDIN; binmode STDOUT; $| = 1; $/ = chr 0; $SIG{PIPE} = q(IGNORE); "
    "my (%%of, @complete); "
    "sub begin { "
    "open my $in, q(<:raw), $_[0] and open my $to, q(|-:raw), q(%(tool)s), q(-z) or return [0, 0, 0, 1]; "
    "return [$in, $to, 0, 0] "
    "} "
    "sub follow { "
    "my ($one, $end) = @_; "
    "while (not $$one[3] and $$one[2] < $end) { "
    "my ($most, $done) = ($end - $$one[2], 0); "
    "my $size = sysread $$one[0], my $block, $most < 262144 ? $most : 262144; "
    "while ($size and $done < $size) { "
    "my $more = syswrite $$one[1], $block, $size - $done, $done; "
    "$done += $more; "
    "$size = 0 unless $more "
    "} "
    "$$one[2] += $done; "
    "print q(+), chr 0 if $$one[2] %% 134217728 < $done; "
    "$$one[3] = $size ? 0 : 1 "
    "} } "
    "print q(scitacean-follows), chr 0; "
    "while (my $what = <STDIN>) { "
    "chomp $what; "
    "my $how = substr $what, 0, 1, q(); "
    "if ($how eq q(f)) { "
    "my ($end, $name) = split / /, $what, 2; "
    "follow($of{$name} ||= begin($name), $end) "
    "} elsif ($how eq q(e)) { "
    "my $one = delete $of{$what}; "
    "close $$one[1] if $$one[1]; "
    "print $$one[3] ? q(-) : q(=), $what, chr 0 "
    "} elsif ($how eq q(c)) { push @complete, $what } "
    "elsif (@complete) { system q(%(tool)s), q(-z), q(--), splice @complete } "
    "}'"
)
_CHECKSUM: Final = re.compile(rb"([0-9a-f]{32,128}) [ *](.*)", re.DOTALL)
_OF_INPUT: Final = b"-"


def program(algorithm: str) -> Program:
    """Return what follows files; raises KeyError for algorithms without a known tool."""
    return Program(
        host_program.PERL,
        _PROGRAM % {"tool": TOOLS[algorithm]},
        window=_WINDOW,
        changes_files=False,
        greeting=_GREETING,
    )


def pays_for(size: int) -> bool:
    """Tell whether it is worth its start for files of so many bytes in all."""
    return size >= _LEAST_BYTES


class Following:
    """Has checksums computed of files while they, and others, are being written.

    Only the thread that makes this talks to the host. Others write over connections of their own, and must
    not be stopped by this one, be it that it is silent, or that Ctrl-C has left a lock of the library held.

    Parameters
    ----------
    ahead:
        May have the program.
    algorithm:
        Of the checksums.

    Raises
    ------
    CommandError
        If the host runs no commands, or the connection is broken.
    """

    def __init__(self, ahead: CommandsAhead, algorithm: str) -> None:
        self._ahead = ahead
        self._command = ahead.take(program(algorithm))
        self._teller = threading.get_ident()
        self._lock = threading.Lock()
        self._written: dict[Outgoing, _Written] = {}
        self._untold: dict[Outgoing, int] = {}
        self._complete: list[Outgoing] = []
        self._complete_bytes = 0
        # A host that is slow takes parts of what it is told.
        self._unsent = b""
        self._works = True

    def close(self) -> None:
        """End the program."""
        self._command.__exit__(None, None, None)

    def wrote(self, item: Outgoing, start: int, end: int) -> None:
        """Note that the host has written a range of a file; any thread may, and none waits for the host.

        Parameters
        ----------
        item:
            The file, of which everything before ``item.start`` was there.
        start, end:
            The range, in bytes.
        """
        with self._lock:
            self._note(item, start, end)
        if self._works and threading.get_ident() == self._teller:
            self._tell_what_it_takes()

    def results(self) -> dict[Outgoing, str]:
        """Return the checksums of the files of which all has been written, as far as there are any."""
        if not self._works:
            return {}
        try:
            self._command.send([self._unsent, _joined([*self._followed(), *self._completed()])])
            self._command.end_input()
            # There is another way to learn what it does not tell.
            output = b"".join(self._command.output(patiently=False))
            has_ended = self._command.exit_status() >= 0
        except (CommandError, HostNotReachableError):
            return {}
        # What a host that went down meanwhile has now is another question.
        if not has_ended or self._command.connected is not self._ahead.connected:
            return {}
        found = _checksums(output)
        names = {item: unmistakable(item.partial) for item in self._written}
        return {item: found[name] for item, name in names.items() if name in found}

    def _note(self, item: Outgoing, start: int, end: int) -> None:
        written = self._written.get(item)
        if written is None:
            if len(self._written) == _MOST_FILES:
                return
            written = self._written[item] = _Written(item.start)
        if not written.add(start, end):
            return
        if item.size >= _FOLLOWED:
            self._untold[item] = written.end
        elif written.end == item.size:
            self._complete.append(item)
            self._complete_bytes += item.size

    def _tell_what_it_takes(self) -> None:
        if not self._unsent:
            with self._lock:
                self._unsent = self._due()
        try:
            self._unsent = self._command.send_without_waiting(self._unsent)
        except CommandError:
            self._works = False

    def _due(self) -> bytes:
        is_enough = len(self._complete) >= _FILES_OF_TOOL or self._complete_bytes >= _BYTES_OF_TOOL
        return _joined([*self._followed(), *(self._completed() if is_enough else ())])

    def _followed(self) -> list[bytes]:
        told = []
        for item, end in self._untold.items():
            name = unmistakable(item.partial)
            told.append(b"f%d %s" % (end, name))
            if end == item.size:
                # Until then the host has a tool for it that runs.
                told.append(b"e" + name)
        self._untold.clear()
        return told

    def _completed(self) -> list[bytes]:
        told = [b"c" + unmistakable(item.partial) for item in self._complete]
        self._complete.clear()
        self._complete_bytes = 0
        return [*told, b"t"]


class _Written:
    """How much of a file is there from its beginning on, of which ranges are written in any order."""

    def __init__(self, end: int) -> None:
        self.end = end
        self._later: dict[int, int] = {}

    def add(self, start: int, end: int) -> bool:
        """Add a range that borders on others; return whether there is more without a gap now."""
        before = self.end
        self._later[start] = end
        while (after := self._later.pop(self.end, self.end)) > self.end:
            self.end = after
        return self.end > before


def _joined(what: list[bytes]) -> bytes:
    return b"".join(one + b"\0" for one in what)


def _checksums(output: bytes) -> dict[bytes, str]:
    """Return the checksums that the program told, by the names of the files."""
    found: dict[bytes, str] = {}
    of_input = b""
    # What has no end was being written when the program was ended.
    for entry in output.split(b"\0")[:-1]:
        if entry[:1] in (b"=", b"-"):
            if entry[:1] == b"=" and of_input:
                found[entry[1:]] = of_input.decode()
            of_input = b""
        elif (told := _CHECKSUM.fullmatch(entry)) is not None:
            if told[2] == _OF_INPUT:
                of_input = told[1]
            else:
                found[told[2]] = told[1].decode()
    return found
