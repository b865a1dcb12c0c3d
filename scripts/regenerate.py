#!/usr/bin/env python3
"""Make the generated client from a SciCat server's interface document.

Without options: patch ``openapi/scicat.json``, generate ``generated/scicat_api`` and write
``openapi/lock.toml``.  With ``--check`` nothing is written; the exit status is 1, and the files
are listed, when what is committed is not what would be generated.  With ``--document`` or
``--url`` the client of another server is made in a folder of its own, with a report on how its
document differs from the committed one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from regeneration import compare, document, files, generate, patching, report, usage
from regeneration.problems import RegenerationError

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    options = _parser().parse_args(arguments)
    if (options.document or options.url) and not options.output:
        _parser().error("--document and --url need --output")
    if options.output and not (options.document or options.url):
        _parser().error("--output needs --document or --url")
    try:
        generate.check_tools()
        if options.document or options.url:
            return _other(options)
        return _check(options.root) if options.check else _regenerate(options.root)
    except RegenerationError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    task = parser.add_mutually_exclusive_group()
    task.add_argument("--check", action="store_true", help="compare with what is committed")
    task.add_argument("--document", type=Path, metavar="FILE", help="another server's document")
    task.add_argument("--url", help="where a server has it: https://SERVER/explorer-json")
    parser.add_argument("--output", type=Path, metavar="DIR", help="where its client goes")
    parser.add_argument(
        "--root", type=Path, default=ROOT, metavar="DIR", help="the project (default: this one)"
    )
    return parser


def _committed_document(root: Path) -> document.Document:
    """Return the committed document, patched; every patch must have found its place."""
    path = root / "openapi" / "scicat.json"
    patches = patching.load_patches(root / "openapi" / "patches.toml")
    patched = document.normalise(document.load(path))
    stale = [patch for patch in patching.apply(patched, patches) if patch.ours]
    if stale:
        raise RegenerationError(
            f"Stale patches: what they expect is no longer in {path.name}.\n"
            + "\n".join(f"  {patch}" for patch in stale)
            + "\nLook at the document there; correct or remove them in openapi/patches.toml."
        )
    return patched


def _build(root: Path, target: Path) -> None:
    """Write everything that regeneration writes, into an empty folder."""
    openapi = root / "openapi"
    patched = _committed_document(root)
    generate.generate(patched, openapi, target / "scicat_api")
    (target / "README.md").write_text(generate.README, encoding="utf-8")
    lock = [
        "# Written by scripts/regenerate.py; never edited.",
        f'server = "{patched["info"]["version"]}"',
        "",
        "[tools]",
        *(f'{name} = "{version}"' for name, version in generate.TOOLS.items()),
        "",
        "[sha256]",
        f'document = "{files.digest(openapi / "scicat.json")}"',
        f'patches = "{files.digest(openapi / "patches.toml")}"',
        f'templates = "{files.digest(openapi / "templates", openapi / "generator.yaml")}"',
        f'output = "{files.digest(target / "scicat_api")}"',
    ]
    (target / "lock.toml").write_text("\n".join(lock) + "\n", encoding="utf-8")


def _regenerate(root: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        _build(root, fresh)
        generated = root / "generated"
        files.replace(fresh / "scicat_api", generated / "scicat_api")
        (generated / "README.md").write_bytes((fresh / "README.md").read_bytes())
        (root / "openapi" / "lock.toml").write_bytes((fresh / "lock.toml").read_bytes())
    print(f"Wrote {generated / 'scicat_api'} and openapi/lock.toml.")
    return 0


def _check(root: Path) -> int:
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        _build(root, fresh)
        lock = root / "openapi" / "lock.toml"
        lock_is_good = lock.is_file() and lock.read_bytes() == (fresh / "lock.toml").read_bytes()
        (fresh / "lock.toml").unlink()
        found = [f"generated/{line}" for line in files.differences(root / "generated", fresh)]
    if not lock_is_good:
        found.insert(0, "openapi/lock.toml: differs (document, patches or templates changed)")
    if found:
        print("Not what scripts/regenerate.py makes; run it:", file=sys.stderr)
        print("\n".join(f"  {line}" for line in found), file=sys.stderr)
        return 1
    print("The generated client is what the document, the patches and the templates say.")
    return 0


def _other(options: argparse.Namespace) -> int:
    root: Path = options.root
    target: Path = options.output / "scicat_api"
    files.check_output(target, root)
    theirs = document.load(options.document) if options.document else document.fetch(options.url)
    theirs = document.normalise(theirs)
    unused = patching.apply(theirs, patching.load_patches(root / "openapi" / "patches.toml"))
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / "scicat_api"
        generate.generate(theirs, root / "openapi", fresh)
        files.replace(fresh, target)
    ours = _committed_document(root)
    committed = root / "generated" / "scicat_api"
    python_names = generate.import_all(committed)
    print(
        report.write_report(
            compare.compare_operations(ours, theirs),
            compare.compare_fields(ours, theirs),
            usage.find_usage(root / "scitacean", committed, ours, python_names),
            python_names,
            unused,
        )
    )
    count = sum(1 for _ in document.operations(theirs))
    print(f"Wrote {target}: {count} operations, every module imported.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
