"""The generated package as a whole: up to date, readable, light, and for other servers, too."""

from __future__ import annotations

import gzip
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import regenerate
from regeneration import files

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
PACKAGE = ROOT / "generated" / "scicat_api"
SCRIPT = str(ROOT / "scripts" / "regenerate.py")
OTHERS = {"server-5.2.1": 217, "server-4.27": 220}


class _Server(http.server.BaseHTTPRequestHandler):
    """A server that hands out the document of SciCat 4.27, and nothing else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/explorer-json" else 404)
        self.end_headers()
        self.wfile.write(emitted("server-4.27"))

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a server on this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def emitted(name: str) -> bytes:
    return gzip.decompress((DATA / "openapi" / f"{name}.json.gz").read_bytes())


@pytest.fixture(scope="module")
def other_packages(tmp_path_factory: pytest.TempPathFactory, server: str) -> dict[str, Path]:
    """The folders with the clients of the other servers, and what the script said."""
    document = tmp_path_factory.mktemp("document") / "document.json"
    document.write_bytes(emitted("server-5.2.1"))
    sources = {
        "server-5.2.1": f"--document={document}",
        "server-4.27": f"--url={server}/explorer-json",
    }
    folders = {name: tmp_path_factory.mktemp(name) for name in sources}
    running = {
        name: subprocess.Popen(
            [sys.executable, SCRIPT, source, f"--output={folders[name]}"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, source in sources.items()
    }
    for name, process in running.items():
        said, _ = process.communicate()
        assert process.returncode == 0, said
        (folders[name] / "report.txt").write_text(said)
    return folders


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what regeneration reads and writes."""
    for name in ("openapi", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def sources(package: Path) -> Iterator[Path]:
    return (path for path in package.rglob("*.py"))


def run(code: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(ROOT / "generated")}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_what_is_committed_is_what_is_generated(capsys: pytest.CaptureFixture[str]) -> None:
    assert regenerate.main(["--check"]) == 0, capsys.readouterr().err


def test_edited_missing_and_foreign_files_are_listed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = project / "generated" / "scicat_api"
    with (package / "models" / "data_file.py").open("a") as file:
        file.write("# mine\n")
    (package / "py.typed").unlink()
    (package / "extra.py").touch()
    assert regenerate.main(["--check", f"--root={project}"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "  generated/scicat_api/extra.py: is not generated",
        "  generated/scicat_api/models/data_file.py: differs",
        "  generated/scicat_api/py.typed: is missing",
    ]


def test_a_changed_document_is_seen_and_regeneration_puts_it_right(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / "openapi" / "scicat.json"
    document = json.loads(path.read_text())
    document["components"]["schemas"]["DataFile"]["properties"]["colour"] = {"type": "string"}
    path.write_text(json.dumps(document))
    assert regenerate.main(["--check", f"--root={project}"]) == 1
    said = capsys.readouterr().err
    assert "openapi/lock.toml: differs" in said
    assert "generated/scicat_api/models/data_file.py: differs" in said
    assert regenerate.main([f"--root={project}"]) == 0
    lock = tomllib.loads((project / "openapi" / "lock.toml").read_text())
    assert lock["sha256"]["document"] == files.digest(path)
    assert lock["sha256"]["output"] == files.digest(project / "generated" / "scicat_api")
    assert "colour" in (project / "generated" / "scicat_api" / "models" / "data_file.py").read_text()


def test_a_changed_template_is_seen(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "openapi" / "templates" / "errors.py.jinja"
    path.write_text(path.read_text().replace("What is odd", "All that is odd"))
    assert regenerate.main(["--check", f"--root={project}"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "  openapi/lock.toml: differs (document, patches or templates changed)",
        "  generated/scicat_api/errors.py: differs",
    ]


def test_a_stale_patch_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project / "openapi" / "scicat.json"
    document = json.loads(path.read_text())
    document["components"]["schemas"]["OutputOrigDatablockDto"]["required"].remove("version")
    path.write_text(json.dumps(document))
    assert regenerate.main(["--check", f"--root={project}"]) == 1
    said = capsys.readouterr().err
    assert "/components/schemas/OutputOrigDatablockDto/required (" in said
    assert len(said.splitlines()) == 3


def test_every_file_says_that_it_is_generated_and_from_what() -> None:
    paths = list(sources(PACKAGE))
    version = json.loads((PACKAGE / "openapi.json").read_text())["info"]["version"]
    mark = f'# Generated by scripts/regenerate.py from "SciCat backend" {version}; never edited.\n'
    assert all(path.read_text().startswith(mark) for path in paths)
    assert sum(len(path.read_text().splitlines()) for path in paths) < 45_000


def test_importing_loads_no_endpoint_and_no_model() -> None:
    loaded = run("import scicat_api, sys; print(*sys.modules)").split()
    assert [name for name in loaded if name.startswith(("scicat_api.", "httpx", "attr"))] == []


def test_what_the_package_offers_is_there_when_asked_for() -> None:
    code = """
import scicat_api
for name in scicat_api.__all__:
    getattr(scicat_api, name)
for name in scicat_api.models.__all__:
    getattr(scicat_api.models, name)
for holder in scicat_api, scicat_api.models:
    try:
        holder.nothing
    except AttributeError as error:
        print(error)
"""
    assert run(code).splitlines() == [
        "module 'scicat_api' has no attribute 'nothing'",
        "module 'scicat_api.models' has no attribute 'nothing'",
    ]


def test_a_server_without_document_is_a_clear_error(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert regenerate.main([f"--url={server}/nothing", f"--output={tmp_path / 'out'}"]) == 1
    assert "404" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", OTHERS)
def test_other_servers_lose_no_operation(name: str, other_packages: dict[str, Path]) -> None:
    folder = other_packages[name]
    document = json.loads(emitted(name))
    wanted = {f"{method.upper()} {path}." for path, item in document["paths"].items() for method in item}
    assert len(wanted) == OTHERS[name]
    modules = (folder / "scicat_api" / "api").glob("*/*.py")
    found = {re.findall('"""(.+?)"""', p.read_text())[0] for p in modules if p.stem != "__init__"}
    assert found == wanted


def test_the_report_tells_what_is_different_and_what_that_touches(
    other_packages: dict[str, Path],
) -> None:
    report = (other_packages["server-4.27"] / "report.txt").read_text()
    assert "    came    POST /api/v3/elastic-search/search\n" in report
    assert "    went    POST /api/v3/auth/oidc/token\n" in report
    assert "  ! went    CreateSampleDto.sampleName\n" in report
    assert "  ! went    DataFile.metadata\n" in report
    assert "differences touch what scitacean uses" in report


def test_the_report_marks_what_scitacean_would_have_to_send(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads((project / "openapi" / "scicat.json").read_text())
    for name in ("CreateDatasetDto", "CreatePolicyDto"):
        schema = document["components"]["schemas"][name]
        schema["properties"]["facility"] = {"type": "string"}
        schema["required"].append("facility")
    path = project / "theirs.json"
    path.write_text(json.dumps(document))
    assert regenerate.main([f"--document={path}", f"--output={project / 'out'}"]) == 0
    report = capsys.readouterr().out
    assert "  ! came    CreateDatasetDto.facility: required\n" in report
    assert "    came    CreatePolicyDto.facility: required\n" in report
    assert "\n1 differences touch" in report


def test_other_servers_typecheck(other_packages: dict[str, Path], tmp_path: Path) -> None:
    """Type-check the clients of other servers, and the handwritten layer against them."""
    expected = tomllib.loads((DATA / "openapi" / "exceptions.toml").read_text())
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted((ROOT / "scitacean").rglob("*.py"))
        if "scicat_api" in path.read_text(encoding="utf-8")
    ]
    for name, folder in other_packages.items():
        result = subprocess.run(
            [
                *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"),
                *(f"--cache-dir={tmp_path / name}", "--no-error-summary", "-p", "scicat_api"),
                *(part for module in modules for part in ("-m", module)),
            ],
            env=os.environ | {"MYPYPATH": str(folder)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.stderr == ""
        found = {
            re.sub(r":\d+: error: ", ": ", line) for line in result.stdout.splitlines() if ": error: " in line
        }
        assert found == set(expected.get(name, {}).get("errors", [])), name
