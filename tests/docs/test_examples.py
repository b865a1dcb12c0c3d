"""Every example in the documentation and in the docstrings of the package runs."""

from __future__ import annotations

import doctest
import pkgutil
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser

import scitacean

ROOT = Path(__file__).resolve().parents[2]
TEXTS = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md")])
MODULES = ["scitacean", *(found.name for found in pkgutil.walk_packages(scitacean.__path__, "scitacean."))]
#: Importing it runs the command.
MODULES.remove("scitacean.__main__")


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_examples_in_texts(text: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for example in Sybil(parsers=[PythonCodeBlockParser()]).parse(text).examples():
        example.evaluate()


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name: str) -> None:
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for case in doctest.DocTestFinder(exclude_empty=True).find(import_module(name), name):
        runner.run(case, out=report.append)
    assert not report, "".join(report)


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    cases = [case for name in MODULES for case in finder.find(import_module(name), name)]
    assert sum(bool(case.examples) for case in cases) > 20
    parser = PythonCodeBlockParser()
    examples = [list(Sybil(parsers=[parser]).parse(text).examples()) for text in TEXTS]
    assert sum(map(len, examples)) > 10
