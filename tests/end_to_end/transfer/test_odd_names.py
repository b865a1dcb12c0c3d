"""Names that shells, terminals and text would change pass unharmed, through SFTP and remote commands."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scitacean.model.remote_path import RemotePath
from scitacean.transfer.protocol import FetchRequest, SendRequest
from tests.end_to_end.transfer.sites import RAW, Site, empty, fetch_with, kinds
from tests.end_to_end.transfer.sites import site as running_site

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the file system takes not all names")

SENTINEL = "a-shell-was-here"
ODD = [
    b"$(touch a-shell-was-here)",
    b"`touch a-shell-was-here`",
    b"; touch a-shell-was-here;",
    b"a\ntouch a-shell-was-here\n",
    b"| tee a-shell-was-here",
    b"&& touch a-shell-was-here #",
    b"'\"$(touch a-shell-was-here)'\"",
    b"-rf",
    b"--help",
    b"--check",
    b"--",
    b"-",
    b"~",
    b"*",
    b"?[a]{b,c}!d",
    b" blanks at both ends ",
    b"\ttab",
    b"\nline\n",
    b"back\\slash\\n",
    b"\\",
    b"no utf-8 \xff\xfe\x80",
    "ü\u0308 \U0001f52c".encode(),
    b"\x01\x1b[31m\x7f\r",
    b"x" * 255,
    b"\xc3\xa9" * 127 + b"y",
    b"\xff" * 255,
    b"...",
    b"con.txt",
    b"%s%n{}",
]
names = st.one_of(
    st.sampled_from(ODD),
    st.binary(min_size=1, max_size=255),
    st.text("$`'\"\\;|&<>()*?[]{}~!# \n-ab", min_size=1, max_size=40).map(str.encode),
).map(lambda name: name.translate(None, b"/\0"))
files = st.lists(
    names.filter(lambda name: name not in (b"", b".", b"..")), min_size=1, max_size=8, unique=True
)


@pytest.fixture(params=kinds(), scope="module")
def lasting_site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running_site(request.param, tmp_path_factory.mktemp("odd")) as site:
        yield site


@pytest.fixture(params=[True, False], ids=["many", "few"], scope="module")
def by_commands(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Let files be moved and named by commands, as many are, or by requests, as few are."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("download", "naming", "upload"):
            patch.setattr(f"scitacean.transfer.ssh.{module}.LEAST_FILES", 1 if request.param else 1_000)
        yield request.param


@settings(max_examples=200 if settings().max_examples >= 1_000 else 6)
@given(names=files, folder=names.filter(lambda name: name not in (b"", b".", b"..")))
@example(names=ODD, folder=b"$(touch a-shell-was-here)\n")
def test_names_pass_unharmed(
    lasting_site: Site, by_commands: bool, names: list[bytes], folder: bytes
) -> None:
    site = lasting_site
    for place in (site.root, site.local):
        empty(place)
    root, local = os.fsencode(site.root), os.fsencode(site.local)
    contents = {name: b"%d" % number for number, name in enumerate(names)}
    remote = {name: site.served_path(folder, name) for name in names}
    for name, content in contents.items():
        Path(os.fsdecode(os.path.join(local, name))).write_bytes(content)  # noqa: PTH118
    requests = [
        SendRequest(local=Path(os.fsdecode(os.path.join(local, name))), remote=remote[name])  # noqa: PTH118
        for name in names
    ]
    with site.transfer() as transfer:
        with transfer.connect_for_upload(RAW, RemotePath("")) as connection:
            connection.send_files(requests)
            digests = connection.remote_checksums(list(remote.values()), algorithm="sha256")
        assert set(os.listdir(os.path.join(root, folder))) == set(names)  # noqa: PTH118, PTH208
        # What does not come through by a command does so by requests: here all must.
        failed = {tool for tool in ("perl", "tar") if not transfer._tools.get(tool, True)}
        assert failed == ({"perl", "tar"} if by_commands and not site.has_shell else set())
        if site.has_shell:
            assert digests == {
                remote[name]: hashlib.sha256(content).hexdigest() for name, content in contents.items()
            }
        else:
            assert digests is None
        empty(site.local)
        fetch_with(
            transfer,
            [
                FetchRequest(remote=one.remote, local=one.local, length=len(content))
                for one, content in zip(requests, contents.values(), strict=True)
            ],
        )
        assert failed == {tool for tool in ("perl", "tar") if not transfer._tools.get(tool, True)}
    for name, content in contents.items():
        assert Path(os.fsdecode(os.path.join(local, name))).read_bytes() == content  # noqa: PTH118
    for place in (Path.cwd(), Path.home(), site.root, site.root / os.fsdecode(folder), Path("/")):
        assert not (place / SENTINEL).exists()
