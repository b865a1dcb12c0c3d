"""What is public says what it does, what it takes and what it raises, and shows an example."""

from __future__ import annotations

import ast
import builtins
import functools
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

import attrs
import pytest

import scitacean
from scitacean import model, ontology, validation
from scitacean.catalogue.scicat_client import ScicatClient

CLASSES: list[type] = [
    *(getattr(scitacean, name) for name in scitacean.__all__ if name != "__version__"),
    ScicatClient,
]
MODULES = [
    ontology,
    *(
        import_module(found.name)
        for package in (model, validation)
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        # Their functions are for the classes of the model alone.
        if found.name not in ("scitacean.model.wire", "scitacean.model.dataset_wire")
    ),
]
STARS: dict[object, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
SECTION = re.compile(r"^([A-Z][a-z]+)\n-+\n(.*?)(?=^[A-Z][a-z]+\n-+$|\Z)", re.MULTILINE | re.DOTALL)


class Documented(NamedTuple):
    """Something public: a class, a function, a method or a property."""

    name: str
    text: str
    takes: tuple[str, ...]
    lists: tuple[str, ...]
    raises: tuple[type[BaseException], ...] = ()
    needs_example: bool = True


def of_function(function: Any, *, bound: bool = False) -> Documented:
    function = inspect.unwrap(function)
    text = inspect.cleandoc(function.__doc__ or "")
    return Documented(
        f"{function.__module__}.{function.__qualname__}",
        text,
        tuple(parameters_of(function))[bound:],
        tuple(named(text, "Parameters")),
        tuple(raised_by(function)),
    )


def of_class(kind: type) -> Documented:
    name, text = f"{kind.__module__}.{kind.__qualname__}", inspect.cleandoc(kind.__doc__ or "")
    if attrs.has(kind):
        takes = tuple(f.name for f in attrs.fields(kind) if f.init and not f.name.startswith("_"))
        texts = [inspect.cleandoc(base.__doc__ or "") for base in kind.__mro__]
        known = {one for text in texts for part in ("Attributes", "Parameters") for one in named(text, part)}
        return Documented(name, text, takes, tuple(one for one in takes if one in known))
    # What is raised is met in the examples of what raises it.
    is_raised = issubclass(kind, Exception)
    # Who does not say otherwise takes what its base takes, and need not repeat it.
    lists = tuple(named(text, "Parameters"))
    says_so = "__init__" in vars(kind) or bool(lists)
    takes = tuple(parameters_of(inspect.getattr_static(kind, "__init__")))[1:] if says_so else ()
    return Documented(name, text, takes, lists, needs_example=not is_raised)


def parameters_of(function: Any) -> Iterator[str]:
    for name, parameter in inspect.signature(function).parameters.items():
        # Only the name of a parameter that others have to give begins with an underscore.
        if not name.startswith("_"):
            yield STARS.get(parameter.kind, "") + name


def of_member(member: Any) -> Documented | None:
    match member:
        case staticmethod():
            return of_function(member.__func__)
        case classmethod():
            return of_function(member.__func__, bound=True)
        case property():
            return of_function(member.fget, bound=True)._replace(needs_example=False)
        case functools.cached_property():
            return of_function(member.func, bound=True)._replace(needs_example=False)
    return of_function(member, bound=True) if inspect.isfunction(member) else None


def public_things() -> Iterator[Documented]:
    for kind in CLASSES:
        yield of_class(kind)
        members = [inspect.getattr_static(kind, name) for name in dir(kind) if not name.startswith("_")]
        for documented in filter(None, map(of_member, members)):
            if documented.name.startswith("scitacean."):
                yield documented
    for module in MODULES:
        for name, function in vars(module).items():
            own = inspect.isfunction(function) and inspect.unwrap(function).__module__ == module.__name__
            if own and not name.startswith("_"):
                yield of_function(function)


def raised_by(function: Any) -> Iterator[type[BaseException]]:
    """Find the errors that a function raises itself, those aside that it only passes on."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = vars(builtins) | function.__globals__
    waiting: list[ast.AST] = list(ast.iter_child_nodes(tree.body[0]))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            continue
        waiting += ast.iter_child_nodes(node)
        if isinstance(node, ast.Raise):
            raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            error = names.get(raised.id) if isinstance(raised, ast.Name) else None
            if isinstance(error, type) and issubclass(error, Exception):
                yield error


def named(text: str, section: str) -> list[str]:
    """Return what a section has entries of."""
    body = next((body for title, body in SECTION.findall(text) if title == section), "")
    heads = re.findall(r"^(\*{0,2}\w+(?:, \*{0,2}\w+)*):?$", body, re.MULTILINE)
    return [name for head in heads for name in head.split(", ")]


def faults(documented: Documented) -> list[str]:
    """Say what a docstring lacks or has too much."""
    text, told = documented.text, []
    if not re.match(r"[^\n]+(\n[^\n]+)*?\.(\s|$)", text):
        told.append("no sentence")
    if documented.needs_example and ">>> " not in text:
        told.append("no example")
    told += [f"no parameter {name}" for name in documented.takes if name not in documented.lists]
    unknown = [name for name in documented.lists if name not in documented.takes]
    told += [f"a parameter {name} that it does not take" for name in unknown]
    errors = set(named(text, "Raises"))
    told += [
        f"raises {error.__name__} and does not say so"
        for error in documented.raises
        if not errors & {base.__name__ for base in error.__mro__}
    ]
    return told


THINGS = {documented.name: documented for documented in public_things()}


@pytest.mark.parametrize("name", sorted(THINGS))
def test_what_is_public_is_documented(name: str) -> None:
    assert faults(THINGS[name]) == []


def test_all_public_things_are_seen() -> None:
    assert {
        "scitacean.client.Client",
        "scitacean.client.Client.file_transfer",
        "scitacean.client.Client.local",
        "scitacean.model.entry.Entry.fields",
        "scitacean.model.panet.find_in_panet",
        "scitacean.model.parts.Technique.find",
        "scitacean.model.pid.PID.parse",
        "scitacean.ontology.find_technique",
        "scitacean.validation.rules.missing",
    } <= set(THINGS)
    assert len(THINGS) > 150


def wrong_in_all(number: int, *others: int, **more: int) -> None:
    if number:
        raise ValueError(number, others, more)


def wrong_in_parameters(number: int) -> None:
    """Do something.

    Parameters
    ----------
    number, other:
        Which.

    Raises
    ------
    LookupError
        Never.

    Examples
    --------
    >>> wrong_in_parameters(1)
    """
    error = KeyError(number)
    raise error


def good(number: int, *others: int, **more: int) -> None:
    """Do something.

    Parameters
    ----------
    number:
        Which.
    *others:
        Which too.
    **more:
        Which too.

    Raises
    ------
    ValueError
        Always.

    Examples
    --------
    >>> good
    <function ...>
    """
    raise UnicodeError(number, others, more)


def test_faults_are_found() -> None:
    assert faults(of_function(wrong_in_all)) == [
        "no sentence",
        "no example",
        "no parameter number",
        "no parameter *others",
        "no parameter **more",
        "raises ValueError and does not say so",
    ]
    assert faults(of_function(wrong_in_parameters)) == ["a parameter other that it does not take"]
    assert faults(of_function(wrong_in_parameters, bound=True)) == [
        "a parameter number that it does not take",
        "a parameter other that it does not take",
    ]
    assert faults(of_function(good)) == []
