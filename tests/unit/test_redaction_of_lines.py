"""Redaction of numbers on lines that follow one another, as in signatures and notes.

Double brackets enclose each entity of a text, after the name of its placeholder.
"""

import pytest

from prompt_capture.domain.redaction import redact
from tests.unit.marked_texts import check_redaction


@pytest.mark.parametrize(
    "marked",
    [
        "Phone: [[PHONE:415-555-0142]]\nHours: 8-4",
        "call [[PHONE:415-555-0142]] M-F 8-4",
        "call [[PHONE:5550142]] M-F 8-4",
        "P [[PHONE:(415) 555-0142]]\nM [[PHONE:(415) 555-0187]]",
        "Phone: [[PHONE:0171 2345679]]\nM. Weber",
        "Phone: [[PHONE:0171 2345679]]\nMs. Weber",
        "Phone: [[PHONE:5550142]]\nMs. Weber",
        "Phone: [[PHONE:5550142]]\nMin. order 12",
        "Phone: [[PHONE:5550142]] pm",
        "Tel.: [[PHONE:5550142]]\nItems",
        "PIN: [[SECRET:5820]]\nDays: 3",
        "Passport: [[ID:K02Y11S58]]\nItems: 3",
        "account number: [[BANK:87654321]]\nItems: 3",
        "T [[PHONE:+49 40 1234 5679]]\nM [[PHONE:0160 7654322]]",
        "[[PHONE:+49 40 1234 5679]]\nM. Weber",
        "call [[PHONE:555-0142]]\nDays: Mon, Tue",
    ],
)
def test_the_name_of_the_next_field_makes_no_amount(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "call 5550142 users",
        "we texted 1234567 people. Then we stopped",
        "the call took 1234567 ms",
        "text of 3 000 000 characters",
        "call 1000-5000 users",
        "Text: 1234567 characters",
        "signal 320 768 1440 px",
        "PIN entry: 12345 attempts",
    ],
)
def test_amounts_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "[[PHONE:+41 44 123 45 68]]\n[[PHONE:079 123 45 68]]",
        "[[PHONE:+33 6 12 34 56 79]]\n[[PHONE:06 98 76 54 31]]",
        "[[PHONE:+39 347 123 4568]]\n[[PHONE:347 765 4321]]",
        "[[PHONE:+34 612 345 679]]\n[[PHONE:612 345 670]]",
        "[[PHONE:+46 70 123 45 68]]\n[[PHONE:070 765 43 21]]",
        "[[PHONE:+43 664 1234568]]\n[[PHONE:0664 7654321]]",
        "[[PHONE:+47 412 34 568]]\n[[PHONE:412 34 569]]",
        "[[PHONE:+45 20 12 34 57]]\n[[PHONE:20 12 34 58]]",
        "[[PHONE:+351 912 345 679]]\n[[PHONE:912 345 670]]",
        "[[PHONE:+48 512 345 679]]\n[[PHONE:512 345 670]]",
        "[[PHONE:+7 912 345-67-88]]\n[[PHONE:8 912 345-67-89]]",
        "[[PHONE:+81 90-1234-5679]]\n[[PHONE:090-1234-5678]]",
        "[[PHONE:+82 10-1234-5679]]\n[[PHONE:010-1234-5678]]",
        "[[PHONE:+86 138 1234 5679]]\n[[PHONE:138 1234 5678]]",
        "[[PHONE:020 7946 0019]]\n2026 budget",
        "[[PHONE:020 7946 0019]]\n- 3 eggs",
        "[[PHONE:06 12 34 56 79]]\n12 Main Street",
        "[[PHONE:612 34 56 79]]\n40 EUR",
        "[[PHONE:040 123457 - 12]] Herr Weber",
        "[[ID:2341 2341 2346]]\n12.03.2026",
        "[[ID:2341 2341 2346]]\n2 copies",
    ],
)
def test_a_number_ends_before_another_one_or_a_count(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        "8731 0042 9915 6620 is the parcel",
        "0342 9915 6620 1234 belongs to it",
        "02 04 06 08 10 12",
        "2341 2341 2346 2341",
        "2341 2341 2346 234",
    ],
)
def test_longer_runs_of_groups_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "version 23.008.20471.0",
        "Acrobat 23.008.20471.0 and 11.004.30301",
        "04403191\n2. ok",
        "[[PHONE:+49-151-23456780]]\n3:22:14 PM",
        "[[PHONE:0151 2345678]] 13:22:14",
        "[[PHONE:0049 151 23456780]]",
        "Tel:[[PHONE:0049 151 23456780]]",
        "quote Q-4539453331478936",
        "card CC-[[CARD:4539453331478936]]",
        "numpy >= 1.2.3.4",
        "numpy <= 1.2.3.4",
        "if ip == [[IP:10.20.30.40]]",
        "bump to 10.1.2.3-rc1",
        "bump to 10.1.2.3-SNAPSHOT",
        "hosts [[IP:10.20.30.40]]-alphaserver",
    ],
)
def test_versions_references_and_times_are_apart_from_numbers(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "phones: [[PHONE:5550142]], [[PHONE:5550143]]",
        "phone [[PHONE:5550142]], [[PHONE:5550143]] or [[PHONE:5550144]]",
        "Tel. [[PHONE:555 0142]] und [[PHONE:555 0143]]",
        "accounts [[BANK:87654321]] and [[BANK:87654322]]",
        "account numbers: [[BANK:87654321]], [[BANK:87654322]]",
        "Konto [[BANK:87654321]] oder [[BANK:87654322]]",
        "phone [[PHONE:5550142]], 3 items",
        "phone [[PHONE:5550142]] and 1234567x",
    ],
)
def test_the_numbers_of_a_list_are_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    ["phones: 1234567", "accounts: 12345678", "calls: 1234567, 2345678", "accounts 2024 and 2025"],
)
def test_counts_of_several_things_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "marked",
    [
        "[[BANK:87654321]] is my account number",
        "Hi, [[BANK:87654321]] is my bank account.",
        "[[BANK:87654321]] ist meine Kontonummer.",
        "87654321 is my account balance",
        "2024 is my account number of the year",
        "87654321 is my order, not my account",
    ],
)
def test_an_account_is_found_before_its_name(marked: str) -> None:
    check_redaction(marked)
