"""Rules for e-mail addresses."""

from __future__ import annotations

import subprocess
import sys

import email_validator
import pytest

from scitacean.validation.dataset import problems_of_dataset
from scitacean.validation.values import email_problem, emails_problem


@pytest.mark.parametrize(
    "value",
    ["ada@site.example", "ada.b+run@sub.site.example", "ü@site.example", "a@lab.local", "a@b.test",
     "a@b.c.LOCAL", "a@b.invalid", "a@b.localhost"],
)  # fmt: skip
def test_good_addresses(value: str) -> None:
    assert list(email_problem(value, "owner_email")) == []
    assert list(emails_problem(value, "contact_email")) == []
    assert list(emails_problem(f"{value}; {value} ;{value}", "contact_email")) == []
    assert list(emails_problem(f"{value};", "contact_email")) == []
    assert list(emails_problem(f"{value} ; ", "contact_email")) == []


def test_empty_text_is_left_to_the_rule_of_what_is_required() -> None:
    assert list(email_problem("", "owner_email")) == []
    assert list(emails_problem("", "contact_email")) == []
    empty = {"type": "raw", "contact_email": "", "owner_email": ""}
    fields = [problem.field for problem in problems_of_dataset(empty)]
    assert (fields.count("contact_email"), fields.count("owner_email")) == (1, 1)
    assert problems_of_dataset(empty, required=False) == []


@pytest.mark.parametrize(
    "value",
    [" ", "nobody", "ada @site.example", "ada@site", "ada@local", "a@-.local", "a@b..test",
     "a@b.example,c@d.example", 5],
)  # fmt: skip
def test_bad_addresses(value: object) -> None:
    (problem,) = email_problem(value, "owner_email")
    assert problem.field == "owner_email"
    assert "an e-mail address" in problem.expected
    (problem,) = emails_problem(value, "contact_email")
    assert problem.field == "contact_email"


def test_only_one_place_takes_several() -> None:
    assert list(email_problem("ada@site.example;bob@site.example", "owner_email"))


def test_each_bad_address_is_found() -> None:
    found = list(emails_problem("ada; bob@site.example; eve; ", "contact_email"))
    assert [problem.value for problem in found] == ["ada", "eve"]


@pytest.mark.parametrize("value", [";", "a@b.example;;", ";a@b.example", "a@b.example;;c@d.example"])
def test_between_semicolons_there_is_an_address(value: str) -> None:
    (problem,) = emails_problem(value, "contact_email")
    assert problem.value == ""


def test_many_bad_addresses_are_counted() -> None:
    first, others = emails_problem(";".join(["ada"] * 5_000), "contact_email")
    assert (first.value, others.value) == ("ada", "4,999 more like the first")


def test_the_options_of_the_validator_stay_as_they_are() -> None:
    # Other packages of a user's program may use it.
    before = list(email_validator.SPECIAL_USE_DOMAIN_NAMES)
    assert list(email_problem("a@lab.local", "owner_email")) == []
    assert before == email_validator.SPECIAL_USE_DOMAIN_NAMES
    with pytest.raises(email_validator.EmailNotValidError):
        email_validator.validate_email("a@lab.local", check_deliverability=False)


def test_rules_load_without_the_tables_of_characters() -> None:
    code = "import sys, scitacean.validation.values; sys.exit('email_validator' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
