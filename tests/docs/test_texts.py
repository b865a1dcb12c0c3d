"""What the texts of the repository say is so: links, commands, options; and they name no machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from scitacean.cli.commands import app

ROOT = Path(__file__).resolve().parents[2]
TEXTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "generated" / "README.md"])
FOLDERS = ("contract", "docs", "examples", "openapi", "requirements", "scitacean", "scripts", "tests", ".ci")
KINDS = {".jinja", ".json", ".md", ".py", ".toml", ".txt", ".yaml"}
LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Written so that it does not find itself, for this file is read too.
FOREIGN = re.compile(r"(?<![\w.}])[/](work|root|tmp[/]venv)[/]|pypi[.]org|pythonhosted[.]org|npmjs[.]")


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_links_lead_somewhere(text: Path) -> None:
    for link in LINK.findall(text.read_text(encoding="utf-8")):
        if not link.startswith("https://"):
            path, _, anchor = link.partition("#")
            target = (text.parent / path) if path else text
            assert target.exists(), link
            assert not anchor or anchor in _anchors(target), link


def test_readme_has_two_commands() -> None:
    blocks = FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    commands = [line for language, code in blocks if language == "console" for line in code.splitlines()]
    assert commands == ["python3 scripts/quickstart.py", "python3 scripts/test.py"]


def test_commands_in_texts_have_their_options() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]  # it is a group
    shown = list(_shown_commands())
    assert len(shown) > 4
    for line in shown:
        _, name, *arguments = line.split()
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert {argument for argument in arguments if argument.startswith("--")} <= known, line


def test_variables_in_texts_are_read_by_the_command() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("scitacean/cli/*.py"))
    named = re.findall(r"SCITACEAN_\w+", (ROOT / "docs" / "command.md").read_text(encoding="utf-8"))
    assert [name for name in named if f'"{name}"' not in sources] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_texts_name_no_machine_and_no_registry(folder: str) -> None:
    files = [ROOT / "pyproject.toml", *TEXTS, *(ROOT / folder).rglob("*")]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in files
        if path.is_file() and (path.suffix in KINDS or path.name == "run")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if FOREIGN.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line", ["cd _work_main", "'_root_.ssh'", "=_tmp_venv_bin", "https:__pypi|org_simple"]
)
def test_the_pattern_finds_them(line: str) -> None:
    assert FOREIGN.search(line.replace("_", "/").replace("|", "."))


def _anchors(text: Path) -> list[str]:
    headings = re.findall(r"^#+ (.*)$", text.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def _shown_commands() -> Iterator[str]:
    for text in TEXTS:
        for language, code in FENCE.findall(text.read_text(encoding="utf-8")):
            if language == "console":
                yield from (line for line in code.splitlines() if line.startswith("scitacean "))
