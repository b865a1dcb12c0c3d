"""Rules for e-mail addresses."""

from __future__ import annotations

from collections.abc import Iterator

from scitacean.problem import Problem
from scitacean.validation.repeated import Repeated


def email_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is one e-mail address; neither None nor empty text is a problem.

    Parameters
    ----------
    value:
        Any object.
    at:
        How to call it in the problem.

    Examples
    --------
    >>> [problem.field for problem in email_problem("jane at ess.eu", "owner_email")]
    ['owner_email']
    """
    if value is None:
        return
    if not isinstance(value, str):
        yield Problem(at, value, "an e-mail address, as text")
    elif value and (reason := _refusal(value)):
        yield Problem(at, value, f"an e-mail address: {reason}")


def emails_problem(value: object, at: str) -> Iterator[Problem]:
    """Find out whether a value is e-mail addresses with semicolons between them.

    Servers take several addresses as the contact of a dataset, and nowhere else. Neither None nor empty
    text is a problem, nor is a semicolon after the last address.

    Parameters
    ----------
    value:
        Any object.
    at:
        How to call it in the problems.

    Examples
    --------
    >>> list(emails_problem("jane@ess.eu; joe@psi.ch", "contact_email"))
    []
    >>> [problem.value for problem in emails_problem("jane@ess.eu; joe", "contact_email")]
    ['joe']
    """
    if value is None:
        return
    if not isinstance(value, str):
        yield Problem(at, value, "e-mail addresses as one text, separated by semicolons")
        return
    addresses = [address.strip() for address in value.split(";")] if value else []
    if len(addresses) > 1 and not addresses[-1]:
        addresses.pop()
    repeated = Repeated(at)
    for address in addresses:
        if reason := _refusal(address):
            expected = f"an e-mail address, or several separated by semicolons: {reason}"
            yield from repeated.first(Problem(at, address, expected))
    yield from repeated.others()


def _refusal(address: str) -> str:
    # Loaded when it is needed: its tables of characters take as long as a third of all other imports.
    from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

    # Servers take such domains (a laboratory may have addresses at .local), and no option of the validator
    # does: a top-level domain of the same length is judged in their place.
    start, dot, top = address.rpartition(".")
    if top.lower() in SPECIAL_USE_DOMAIN_NAMES:
        address = start + dot + "x" * len(top)
    try:
        validate_email(address, check_deliverability=False)
    except EmailNotValidError as error:
        return str(error)
    return ""
