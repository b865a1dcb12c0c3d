"""Conditions on documents in SQL, and the indexes that find what may meet them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from attrs import frozen

Parameter: TypeAlias = str | int | float | None


@frozen
class Driver:
    """A SELECT that gives, from an index, the ``seq`` of all documents that may meet a condition.

    ``{collection}`` in its text stands for the collection that is searched, as an SQL literal.
    """

    sql: str
    parameters: tuple[Parameter, ...] = ()


@frozen
class Condition:
    """SQL over the row ``d`` of a document, and the values of its parameters.

    Parameters
    ----------
    sql:
        True or false, never NULL.
    parameters:
        Values of the ``?`` in it.
    drivers:
        Ways to find a superset of the documents without looking at all of them; each is good
        alone.
    """

    sql: str
    parameters: tuple[Parameter, ...] = ()
    drivers: tuple[Driver, ...] = ()

    def __and__(self, other: Condition) -> Condition:
        return all_of([self, other])


EVERYTHING = Condition("1")
NOTHING = Condition("0")


def all_of(conditions: Sequence[Condition]) -> Condition:
    """Meet each of the conditions."""
    drivers = tuple(driver for condition in conditions for driver in condition.drivers)
    return _joined(conditions, " AND ", drivers, EVERYTHING)


def any_of(conditions: Sequence[Condition]) -> Condition:
    """Meet one of the conditions."""
    firsts = [condition.drivers[0] for condition in conditions if condition.drivers]
    if len(firsts) < len(conditions):
        return _joined(conditions, " OR ", (), NOTHING)
    union = Driver(
        " UNION ALL ".join(driver.sql for driver in firsts),
        tuple(value for driver in firsts for value in driver.parameters),
    )
    return _joined(conditions, " OR ", (union,), NOTHING)


def negated(condition: Condition) -> Condition:
    """Meet what the condition is not met by."""
    # It is never NULL, so NOT is the complement.
    return Condition(f"NOT ({condition.sql})", condition.parameters)


def _joined(
    conditions: Sequence[Condition], between: str, drivers: tuple[Driver, ...], otherwise: Condition
) -> Condition:
    if len(conditions) <= 1:
        return conditions[0] if conditions else otherwise
    return Condition(
        between.join(f"({condition.sql})" for condition in conditions),
        tuple(value for condition in conditions for value in condition.parameters),
        drivers,
    )
