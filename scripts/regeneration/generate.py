"""From a patched document to a package: the generator, the formatter, and what they leave out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .document import Document, operations
from .problems import RegenerationError

#: The same document gives other code with other versions.
TOOLS = {"openapi-python-client": "0.29.1", "ruff": "0.17.6"}
README = """# scicat_api

Made by `scripts/regenerate.py` from `openapi/`; never edited. To change it, change the document,
`openapi/patches.toml` or `openapi/templates/`, and run the script.
"""
_IMPORT_ALL = """
import importlib, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import scicat_api
for module in pkgutil.walk_packages(scicat_api.__path__, "scicat_api."):
    importlib.import_module(module.name)
tables = {}
for model in scicat_api.types.Model.__subclasses__():
    tables[model.__name__] = {name: field.attribute for name, field in model._table().items()}
    model._others()
print(json.dumps(tables))
"""


def check_tools() -> None:
    """Make sure that the pinned versions are installed.

    Raises
    ------
    RegenerationError
        If they are not.
    """
    for name, wanted in TOOLS.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            raise RegenerationError(
                f"{name} is not installed. Install it with: pip install {name}=={wanted}"
            ) from None
        if found != wanted:
            raise RegenerationError(
                f"{name} {found} is installed, {wanted} is needed: other versions write "
                f"other code. Install it with: pip install {name}=={wanted}"
            )


def generate(document: Document, openapi: Path, package: Path) -> None:
    """Write the package for a document.

    Parameters
    ----------
    document:
        The document, patched.
    openapi:
        The folder with the templates and the generator's options.
    package:
        The folder to write, which must not exist.

    Raises
    ------
    RegenerationError
        If the generator leaves anything out, or a module of the package cannot be imported.
    """
    package.parent.mkdir(parents=True, exist_ok=True)
    source = package.parent / "openapi.json"
    source.write_text(compact(document), encoding="utf-8")
    _run(
        "The generator did not take all of the document",
        ["-m", "openapi_python_client", "generate", "--meta=none", "--fail-on-warning"],
        [f"--path={source}", f"--output-path={package}"],
        [f"--config={openapi / 'generator.yaml'}"],
        [f"--custom-template-path={openapi / 'templates'}"],
    )
    _format(package)
    shutil.move(source, package / "openapi.json")
    (package / "py.typed").write_text("")
    _check_complete(document, package)
    import_all(package)


def compact(document: Document) -> str:
    """Write a document in one line, the same every time."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"


def import_all(package: Path) -> dict[str, dict[str, str]]:
    """Import every module of a package, in a process of its own, warnings being errors.

    Generators have been seen to write modules that fail at import without a warning.

    Returns
    -------
    :
        For each class the names of its fields in JSON and in Python.

    Raises
    ------
    RegenerationError
        If a module cannot be imported.
    """
    said = _run(
        "A generated module cannot be imported",
        ["-W", "error", "-B", "-c", _IMPORT_ALL, str(package.parent)],
    )
    tables: dict[str, dict[str, str]] = json.loads(said)
    return tables


def _format(package: Path) -> None:
    options = ["--isolated", "--no-cache", "--quiet", "--line-length=100", "--target-version=py311"]
    for what, command, settings in (
        ("ruff check failed", ["check", "--fix", "--select=F,I"], "lint.isort.split-on-trailing"),
        ("ruff format failed", ["format"], "format.skip-magic-trailing"),
    ):
        value = "false" if "isort" in settings else "true"
        config = ["--config", f"{settings}-comma={value}"]
        _run(what, ["-m", "ruff"], command, options, config, [str(package)])


def _check_complete(document: Document, package: Path) -> None:
    wanted = sum(1 for _ in operations(document))
    found = sum(1 for path in package.glob("api/*/*.py") if path.name != "__init__.py")
    if found != wanted:
        raise RegenerationError(f"The document has {wanted} operations, the package {found}.")


def _run(what_failed: str, *arguments: list[str]) -> str:
    command = [sys.executable, *(part for group in arguments for part in group)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        said = "\n".join(part.strip() for part in (result.stdout, result.stderr) if part.strip())
        raise RegenerationError(f"{what_failed}:\n{said}")
    return result.stdout
