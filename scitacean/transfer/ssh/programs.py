"""Which commands of the host a transfer will need: they start while the connection is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scitacean.model.checksum import known_or_none
from scitacean.model.dataset import Dataset
from scitacean.transfer.protocol import Verified
from scitacean.transfer.ssh import checksums, following, host_program
from scitacean.transfer.ssh.bundle import SMALL, programs_for_bundles, receiving_program, sending_program
from scitacean.transfer.ssh.lanes import Line
from scitacean.transfer.ssh.remote_command import LEAST_FILES, Program
from scitacean.transfer.ssh.sending import SendSettings
from scitacean.transfer.ssh.verify import likely_algorithms


def programs_to_send(
    dataset: Dataset, tools: dict[str, bool], settings: SendSettings, *, verify: Verified
) -> Sequence[Program]:
    """Return what will be needed to send the files of a dataset.

    Parameters
    ----------
    dataset:
        The dataset.
    tools:
        What is known of the host.
    settings:
        How files are written.
    verify:
        How what has arrived is compared.
    """
    asked = {known_or_none(file.checksum_algorithm) for file in dataset.files}
    programs = [checksums.program(algorithm) for algorithm in likely_algorithms(asked, verify)]
    if dataset.number_of_files >= LEAST_FILES:
        number = host_program.programs_for(dataset.number_of_files)
        programs += [receiving_program(tools, settings)] * number
    return [program for program in programs if tools.get(program.tool, True)]


def programs_to_send_files(
    line: Line,
    tools: dict[str, bool],
    settings: SendSettings,
    files: Sequence[tuple[int, str | None]],
    *,
    verify: Verified,
) -> Mapping[Program, int]:
    """Return what will be needed to send files, and how many of each.

    Parameters
    ----------
    line:
        The connection.
    tools:
        What is known of the host.
    settings:
        How files are written.
    files:
        Size of each in bytes, 0 as long as it is not known, and the algorithm of the checksum that was asked.
    verify:
        How what has arrived is compared.
    """
    algorithms = likely_algorithms({asked for _, asked in files}, verify)
    is_bundled = len(files) >= LEAST_FILES
    small = sum(size for size, _ in files if size <= SMALL) if is_bundled else 0
    needed: dict[Program, int] = {}
    if is_bundled:
        receiving, number = programs_for_bundles(line, tools, settings, len(files), small)
        needed[receiving] = number
    needed |= {checksums.program(algorithm): 1 for algorithm in algorithms}
    if following.pays_for(sum(size for size, _ in files) - small):
        needed |= {following.program(algorithm): 1 for algorithm in algorithms}
    return needed


def programs_to_fetch(dataset: Dataset, tools: dict[str, bool]) -> Sequence[Program]:
    """Return what will be needed to fetch the files of a dataset.

    Parameters
    ----------
    dataset:
        The dataset.
    tools:
        What is known of the host.
    """
    programs = [sending_program()] if dataset.number_of_files >= LEAST_FILES else []
    return [program for program in programs if tools.get(program.tool, True)]
