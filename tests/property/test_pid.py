"""Laws of identifiers."""

from __future__ import annotations

import copy
import pickle

from hypothesis import given
from hypothesis import strategies as st

from scitacean import PID

parts = st.text(min_size=1, max_size=8)
prefixes = parts.filter(lambda text: "/" not in text)
pids = st.builds(lambda pid, prefix: PID(pid=pid, prefix=prefix), parts, prefixes) | st.builds(
    lambda pid: PID(pid=pid), prefixes
)
related = st.sampled_from(["a", "b", "a/b", "a/b/c", "b/ c", "b/ü"]).map(PID.parse)


@given(pids)
def test_text_says_all(pid: PID) -> None:
    back = PID.parse(str(pid))
    assert back == pid
    assert (back.pid, back.prefix) == (pid.pid, pid.prefix)


@given(st.text(st.sampled_from("a b/ü\ud800"), min_size=1).filter(lambda text: text[0] != "/"))
def test_any_text_is_kept(text: str) -> None:
    if text.partition("/")[1:] != ("/", ""):
        assert str(PID.parse(text)) == text


@given(pids)
def test_a_pid_is_parsed_already(pid: PID) -> None:
    assert PID.parse(pid) is pid
    assert PID.validate(pid) is pid


@given(related, related)
def test_pids_hash_as_they_compare(a: PID, b: PID) -> None:
    assert (a == b) == (str(a) == str(b)) == (a == str(b))
    assert len({a, b, str(a)}) == 1 + (a != b)


@given(pids)
def test_pids_come_back(pid: PID) -> None:
    for back in (pickle.loads(pickle.dumps(pid)), copy.deepcopy(pid), eval(repr(pid), {"PID": PID})):
        assert isinstance(back, PID)
        assert (back.pid, back.prefix) == (pid.pid, pid.prefix)


@given(prefixes)
def test_generated_ones_are_new(prefix: str) -> None:
    one, other = PID.generate(prefix=prefix), PID.generate(prefix=prefix)
    assert one != other
    assert one.prefix == prefix
    assert one.without_prefix == one.pid
