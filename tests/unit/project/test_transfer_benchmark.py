"""The benchmark of transfers runs, compares what has arrived, and judges by its bounds."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import field, frozen

from scitacean.testing.sshd import find_sshd
from transfer import PEERS, chosen, main, parsed
from transfers import bounds, report
from transfers.link import Quality
from transfers.place import Place, folder_for_data
from transfers.rounds import Case, Measured, Plan
from transfers.rounds import measure as measure_case
from transfers.tools import Run, Sftp, Task, ToolError
from transfers.workload import QUICK, WORKLOADS, Workload, differences, digests_of

W2 = WORKLOADS[1]


def test_a_workload_is_the_same_as_itself_and_every_difference_is_found(tmp_path: Path) -> None:
    folder = Workload("W", 4, 3_000_000).make(tmp_path)
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    assert differences(folder, copy) == []
    names = sorted(json.loads(digests_of(folder).read_text()))
    (copy / names[0]).unlink()
    content = bytearray((copy / names[1]).read_bytes())
    content[-1] ^= 1
    times = (copy / names[1]).stat()
    (copy / names[1]).write_bytes(content)
    os.utime(copy / names[1], ns=(times.st_atime_ns, times.st_mtime_ns))
    (copy / names[2]).write_bytes(b"")
    (copy / "other").touch()
    assert differences(folder, copy) == [
        f"{names[0]} is missing",
        "other should not be there",
        f"{names[1]} has other content",
        f"{names[2]} has other content",
    ]
    assert len(differences(folder, tmp_path / "nowhere")) == 4


@frozen
class Copying:
    """A tool that copies and says how long it took."""

    name: str
    seconds: float
    log: list[str]
    spoil: Callable[[Path], object] = field(default=lambda target: None)

    def run(self, task: Task) -> Run:
        shutil.copytree(task.source, task.target)
        self.spoil(task.target)
        files = len(list(task.source.iterdir()))
        self.log.append(f"{self.name} {files}")
        return Run(self.seconds * files, self.seconds * files + 1)


def place_in(folder: Path) -> Place:
    return Place(folder, {"loopback": 1}, "scientist", folder / "key", folder)


def test_tools_take_turns_and_slow_ones_run_once_on_a_sample(tmp_path: Path) -> None:
    log: list[str] = []
    tools = [Copying("quick", 1.0, log), Copying("slow", 7.0, log), Copying("other", 2.0, log)]
    said: list[str] = []
    case = Case(Workload("W2", 10, 5), "down", "loopback")
    results = measure_case(case, tools, place_in(tmp_path), Plan(2, 60.0, 4, said.append))
    samples, rounds = log[:3], log[3:]
    assert samples == ["quick 4", "slow 4", "other 4"]
    assert rounds == ["quick 10", "other 10", "other 10", "quick 10"]
    assert [(name, result.seconds, result.scale) for name, result in results.items()] == [
        ("quick", 10.0, 1.0),
        ("slow", 70.0, 2.5),
        ("other", 20.0, 1.0),
    ]
    assert len(said) == len(log)
    assert not (tmp_path / "arrived").exists()


def test_a_transfer_that_went_wrong_counts_for_nothing(tmp_path: Path) -> None:
    tool = Copying("odd", 1.0, [], lambda target: (target / "frame-00001.bin").write_bytes(b"?"))
    case = Case(Workload("W2", 3, 5), "up", "loopback")
    with pytest.raises(ToolError, match=r"odd, W2 up loopback: 1 files.*frame-00001.bin has other content"):
        measure_case(case, [tool], place_in(tmp_path), Plan(1, 60.0, 200, print))
    assert not (tmp_path / "arrived").exists()


def test_a_tool_that_fails_says_its_command_and_its_words(tmp_path: Path) -> None:
    task = Task(place_in(tmp_path), "loopback", "down", tmp_path / "W2", tmp_path / "arrived" / "W2")
    with pytest.raises(ToolError, match=r"sftp -q -F .*config-loopback.* failed with status"):
        Sftp().run(task)


def results_of(**seconds: float) -> dict[str, Measured]:
    names = {"size": "ours, size", "checksum": "ours, checksum", "scitacean": "scitacean 26.10"}
    return {
        names.get(name, name): Measured([Run(value, value, 40_000_000 if name in names else None)])
        for name, value in seconds.items()
    }


def test_each_bound_is_judged_with_its_share_for_checksums() -> None:
    results = results_of(size=1.0, checksum=1.0, rsync=1.3, sftp=1.5, scp=9.0)
    verdicts = {
        verdict.what: verdict.met for verdict in bounds.of_results({Case(W2, "up", bounds.LOOPBACK): results})
    }
    assert verdicts == {
        "W2 up loopback, size, against rsync": True,
        "W2 up loopback, size, against sftp": False,
        "W2 up loopback, size, memory": True,
        "W2 up loopback, checksum, against rsync": True,
        "W2 up loopback, checksum, against sftp": True,
        "W2 up loopback, checksum, memory": True,
    }


@pytest.mark.parametrize(
    ("quality", "met"),
    [
        (Quality(0.0205, 1.5e9, 2e9), [True, True, True]),
        (Quality(0.0231, 0.9e9, 2e9), [False, False, True]),
        (Quality(0.0180, 1.5e9, 1e8), [False, True, False]),
    ],
)
def test_a_relay_that_limits_the_tools_is_a_missed_bound(quality: Quality, met: list[bool]) -> None:
    assert [verdict.met for verdict in bounds.of_relay(quality)] == met
    assert ["MISSED" in str(verdict) for verdict in bounds.of_relay(quality)] == [not one for one in met]


def test_the_table_has_seconds_ratios_and_marks_what_is_scaled(tmp_path: Path) -> None:
    results = results_of(size=2.0, checksum=2.5, rsync=3.0)
    results["scitacean 26.10"] = Measured([Run(30.0, 31.0)], scale=10.0)
    measured = {Case(W2, "down", link): results for link in bounds.DELAYS}
    lines = list(report.table(measured))
    assert lines[1].split("  ")[0] == "W2 down loopback"
    assert "3.00 (1.50)" in lines[1]
    assert "~300.00 (150.00)" in lines[1]
    assert lines[1].endswith("40 MB")
    report.plot(measured, tmp_path / "times.png")
    assert (tmp_path / "times.png").read_bytes().startswith(b"\x89PNG")


def test_cases_are_chosen_by_name() -> None:
    assert len(chosen(parsed([]))) == 12
    assert [str(case) for case in chosen(parsed(["--only", "W2,down,loopback"]))] == ["W2 down loopback"]
    assert [str(case) for case in chosen(parsed(["--quick", "--only=W1,W3,20ms,up"]))] == [
        "W1 up 20ms",
        "W3 up 20ms",
    ]
    assert chosen(parsed(["--quick", "--only=W1"]))[0].workload == QUICK[0]


def test_names_that_are_not_known_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed(["--only", "W9"])
    assert "W9 is none of 20ms, W1" in capsys.readouterr().err


def test_what_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["--without", "scp"]) == 2
    assert capsys.readouterr().out == (
        "Not installed: ssh, sftp, rsync. Install them or leave them out: --without.\n"
    )


def test_data_are_in_memory_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1 << 30))
    assert folder_for_data() is None
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1 << 40))
    monkeypatch.setattr(Path, "is_dir", lambda path: True)
    assert folder_for_data() == Path("/dev/shm")


def test_a_quick_run_measures_all_that_is_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # That of scitacean needs the network.
    missing = [name for name in PEERS if name == "scitacean" or shutil.which(name) is None]
    peers = [name for name in PEERS if name not in missing]
    arguments = [
        *("--quick", f"--without={','.join(missing)}", f"--folder={tmp_path}"),
        *("--only=W2", f"--plot={tmp_path / 'times.png'}"),
    ]
    status = main(arguments)
    said = capsys.readouterr().out
    if find_sshd() is None:
        assert (status, "sshd is not installed" in said) == (2, True)
        return
    assert status == 0, said
    for link in bounds.DELAYS:
        for direction in ("down", "up"):
            for tool in ["ours, size", "ours, checksum", *peers]:
                assert f"W2 {direction} {link} {tool}: " in said
            assert f"W2 {direction} {link}, checksum, memory" in said
    assert "relay, round trip" in said
    # Nothing is left but the plot.
    assert [path.name for path in tmp_path.iterdir()] == ["times.png"]
