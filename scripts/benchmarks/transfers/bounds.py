"""How fast our transfer must be, against whom, and whether it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from attrs import frozen

from transfers.link import Quality
from transfers.rounds import Case, Results

LOOPBACK, FAR = "loopback", "20ms"
DELAYS = {LOOPBACK: 0.0, FAR: 0.010}
"""Seconds that each way of a link takes."""

CHECKSUM_SHARE = 0.7
"""What of each bound holds where the server computes checksums too."""

_MOST_MEMORY = 150e6
_LEAST_RATE = 1e9
_ROUND_TRIP = (0.019, 0.021)

RATIOS: Mapping[tuple[str, str, str], float] = {
    ("W1", LOOPBACK, "sftp"): 0.9,
    ("W1", LOOPBACK, "scitacean 26.10"): 2.0,
    ("W2", LOOPBACK, "rsync"): 1.2,
    ("W2", LOOPBACK, "sftp"): 2.0,
    ("W2", LOOPBACK, "scitacean 26.10"): 40.0,
    ("W3", LOOPBACK, "rsync"): 1.1,
    ("W3", LOOPBACK, "sftp"): 2.0,
    ("W1", FAR, "sftp"): 2.5,
    ("W2", FAR, "rsync"): 1.5,
    ("W2", FAR, "sftp"): 100.0,
    ("W3", FAR, "rsync"): 0.8,
}
"""How many times as fast as a peer ours is at least, by workload, link and peer."""


@frozen
class Verdict:
    """One bound and what was measured.

    Attributes
    ----------
    what:
        What is bounded.
    value:
        What was measured, as text with its unit.
    bound:
        The bound, as text with its unit.
    met:
        Whether it holds.
    """

    what: str
    value: str
    bound: str
    met: bool

    def __str__(self) -> str:
        return f"{self.what:<52} {self.value:>12}  {self.bound:<20} {'met' if self.met else 'MISSED'}"


def of_results(measured: Mapping[Case, Results]) -> Iterator[Verdict]:
    """Judge what was measured; peers that did not run are not judged."""
    for case, results in measured.items():
        for verify, share in (("size", 1.0), ("checksum", CHECKSUM_SHARE)):
            ours = results[f"ours, {verify}"]
            for (workload, link, peer), least in RATIOS.items():
                if (workload, link) != (case.workload.name, case.link) or peer not in results:
                    continue
                ratio, bound = results[peer].seconds / ours.seconds, share * least
                what = f"{case}, {verify}, against {peer}"
                yield Verdict(what, f"{ratio:.2f}", f"at least {bound:g}", ratio >= bound)
            memory = ours.memory or 0
            most = f"at most {_MOST_MEMORY / 1e6:g} MB"
            yield Verdict(f"{case}, {verify}, memory", f"{memory / 1e6:.0f} MB", most, memory <= _MOST_MEMORY)


def of_relay(quality: Quality) -> Iterator[Verdict]:
    """Judge the relay: it must not be what limits the tools."""
    least, most = _ROUND_TRIP
    yield Verdict(
        "relay, round trip",
        f"{1e3 * quality.round_trip:.2f} ms",
        f"{1e3 * least:g} to {1e3 * most:g} ms",
        least <= quality.round_trip <= most,
    )
    for what, rate in (("rate", quality.rate), ("rate without delay", quality.rate_without_delay)):
        bound = f"at least {_LEAST_RATE / 1e6:g} MB/s"
        yield Verdict(f"relay, {what}", f"{rate / 1e6:.0f} MB/s", bound, rate >= _LEAST_RATE)
