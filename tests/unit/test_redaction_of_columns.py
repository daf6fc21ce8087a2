"""Redaction of the values below the name of a secret in a table."""

import pytest

from prompt_capture.domain.redaction import redact
from tests.unit.marked_texts import check_redaction


@pytest.mark.parametrize(
    "marked",
    [
        (
            "Tidy this up:\n| Asset | Admin | Password | BitLocker PIN |\n|---|---|:--:|---|\n"
            "| LT-1 | ladm | [[SECRET:Copper*Owl*31]] | [[SECRET:770245]] |\n"
            "| LT-2 | ladm | [[SECRET:snowball]] | [[SECRET:193866]] |\nthanks"
        ),
        "Name | PIN | City\nAnn | [[SECRET:4711]] | Leeds\nBob | [[SECRET:5820]] | York",
        "here: name;pin;city\nAnn;[[SECRET:4711]];Leeds\nBob;[[SECRET:8822]];York",
        "user,password,role\nann,[[SECRET:snowball]],admin\nbob,[[SECRET:Zebra12!]],user",
        "name,city,password\nAnn,Leeds,[[SECRET:snowball]]\nBob,York,[[SECRET:hunter22]]\nsort it",
        'id,api_key,plan\n1,"[[SECRET:k3m9x7q2w5]]",free\n2,"[[SECRET:p8d4v6b1n0]]",paid',
        "name,passwort,ort\nAnn,[[SECRET:schnee]],Bonn\nBob,-,Köln",
    ],
)
def test_the_values_below_the_name_of_a_secret_are_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "| Field | Password rules | Notes |\n|---|---|---|\n| length | 12 or more | new |",
        "| Setting | Password |\n|---|---|\n| length | required |\n| reset | yes |",
        "| Phone | PIN |\n|---|---|\n| old | none |\n| new | **** |",
        "id,email,password_hash,created_at and then orders,items,prices",
        "we have passwords, tokens, and keys, and more, and pins, too",
        "name,password",
        "passwords, tokens; keys | pins | codes | rest",
        "wifi, password on the wall, please buy a drink every two hours, closed at 16:30, thanks",
    ],
)
def test_tables_without_a_secret_stay(text: str) -> None:
    assert redact(text) == text
