"""The report on another server's document: what is different, and what that touches."""

from __future__ import annotations

from collections.abc import Iterable

from .compare import Difference
from .patching import Patch
from .usage import Usage


def write_report(
    operation_differences: Iterable[Difference],
    field_differences: Iterable[Difference],
    usage: Usage,
    python_names: dict[str, dict[str, str]],
    unused_patches: Iterable[Patch],
) -> str:
    """Write the differences as text; those that the handwritten layer uses are marked.

    Parameters
    ----------
    operation_differences, field_differences:
        What is different from the committed document.
    usage:
        What the handwritten layer uses.
    python_names:
        For each generated class the names of its fields in JSON and in Python.
    unused_patches:
        Patches that found nothing to do in the other document.
    """
    lines: list[str] = []
    used = 0
    for title, differences in (
        ("Operations", list(operation_differences)),
        ("Schemas and fields", list(field_differences)),
    ):
        lines += [f"{title} (compared with the committed document)"]
        for difference in differences:
            is_used = _is_used(difference, usage, python_names)
            used += is_used
            joint = " " if title == "Operations" else "."
            name = joint.join(part for part in difference.subject if part)
            detail = f": {difference.detail}" if difference.detail else ""
            lines += [f"  {'!' if is_used else ' '} {difference.what:7} {name}{detail}"]
        if not differences:
            lines += ["    no differences"]
        lines += [""]
    lines += ["Patches that found nothing to do in this document"]
    lines += [f"    {patch}" for patch in unused_patches if patch.ours] or ["    none"]
    lines += ["", f"{used} differences touch what scitacean uses; they are marked with '!'."]
    return "\n".join(lines)


def _is_used(difference: Difference, usage: Usage, python_names: dict[str, dict[str, str]]) -> bool:
    if difference.subject in usage.operations:
        return True
    schema, field = difference.subject
    if difference.newly_required and schema in usage.sent:
        return True
    if difference.what == "came" or schema not in usage.classes:
        return False
    return not field or python_names.get(schema, {}).get(field, field) in usage.names
