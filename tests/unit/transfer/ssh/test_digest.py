"""Checksums of what is received."""

from __future__ import annotations

import hashlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scitacean.transfer.ssh.digest import LARGE, Digest


def threads() -> list[str]:
    return [each.name for each in threading.enumerate() if each.name.startswith("scitacean-checksum")]


@given(
    blocks=st.lists(st.binary(max_size=5000), max_size=60),
    size=st.sampled_from([0, LARGE - 1, LARGE, 1 << 40]),
    algorithm=st.sampled_from(["blake2b", "sha256", "md5"]),
)
def test_it_is_that_of_all_blocks_in_their_order(blocks: list[bytes], size: int, algorithm: str) -> None:
    digest = Digest(algorithm, size=size)
    for block in blocks:
        digest.update(memoryview(block))
    expected = hashlib.new(algorithm, b"".join(blocks)).hexdigest()
    # Two threads may each have noticed that the file is complete.
    assert [digest.hexdigest(), digest.hexdigest()] == [expected, expected]
    assert not threads()


@pytest.mark.parametrize("size", [LARGE - 1, LARGE])
def test_closing_ends_its_thread(size: int) -> None:
    digest = Digest("blake2b", size=size)
    for _ in range(10):
        digest.update(bytes(1 << 20))
    assert bool(threads()) == (size >= LARGE)
    digest.close()
    digest.close()
    assert not threads()


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    class Slow:
        updates = 0

        def update(self, block: bytes) -> None:
            del block
            released.wait(60)
            self.updates += 1

        def hexdigest(self) -> str:
            return str(self.updates)

    monkeypatch.setattr(hashlib, "new", lambda *_, **__: Slow())
    digest = Digest("md5", size=LARGE)
    given = []

    def give() -> None:
        for number in range(100):
            digest.update(b"")
            given.append(number)

    giver = threading.Thread(target=give)
    giver.start()
    try:
        giver.join(0.2)
        assert giver.is_alive()
        assert len(given) < 30
    finally:
        released.set()
    giver.join(60)
    assert digest.hexdigest() == "100"
