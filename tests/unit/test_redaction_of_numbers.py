"""Redaction of dates of birth, numbers of identities, cards, phones and banks in further forms.

Double brackets enclose each entity of a text, after the name of its placeholder.
"""

import pytest

from tests.unit.marked_texts import check_redaction


@pytest.mark.parametrize(
    "marked",
    [
        "PAN for the freelance invoice is [[ID:BXOPC2982P]]",
        "QID [[ID:27852404656]]",
        "my Iqama is [[ID:2345678901]]",
        "civil ID: [[ID:287010112345]]",
        "EID [[ID:784-1987-1234567-1]]",
        "My Number [[ID:6542 9023 6355]]",
        "ma carte vitale affiche [[ID:1 91 12 36 911 237]]",
        "carte vitale [[ID:2 85 05 2A 911 237 45]]",
        "Social is wrong in there, it should be [[ID:506 92 4258]]",
        "SSN on my file is [[ID:402 - 71 - 8836]]",
        "it shows my SSN as [[ID:427-\n52-8846]]",
        "licence [[ID:BANER 709123 J99FG 21]]",
        "driving licence no [[ID:OROUR 809144 T99KX]]",
        "Florida says [[ID:B650-454-82-903-0]]",
        "text me, my number [[PHONE:6542 9023 6355]]",
        "the PAN of the soup is BX2982",
        "the license is Apache 2.0, see RFC 7231 and 100 20 30",
        "Medicare [[ID:2123 45670 / 1]]",
        "100-20-3344 | bracket | 12\n100-20-3345 | screw | 40\n100-20-3349 | nut | 7",
        "[[ID:100-20-3344]] | Ann\n[[ID:512-33-3345]] | Bob",
        "customer id 90482917 has 3 open cases",
        "the civil case 90482917",
        "eid 784 of 1200",
    ],
)
def test_an_identity_number_is_known_by_its_name_and_its_form(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "synnyin [[BIRTH_DATE:14.8.2005]] Turussa",
        "1985-ben születtem, pontosan [[BIRTH_DATE:14.8.1985]] születtem",
        "narodila jsem se [[BIRTH_DATE:14.8.1985]]",
        "doğdum [[BIRTH_DATE:14.8.1985]]",
        "تاريخ ميلادي [[BIRTH_DATE:١٤/٠٣/١٩٨٩]]",
        "تاريخ ميلادها [[BIRTH_DATE:14/03/1989]]",
        "生年月日：[[BIRTH_DATE:昭和57年4月3日]]",  # noqa: RUF001 (Japanese)
        'he wrote "b. [[BIRTH_DATE:18-5-03]]" on it',
        "Dob [[BIRTH_DATE:270769]]",
        "DOB: [[BIRTH_DATE:690727]], male",
        "geb. [[BIRTH_DATE:270769]]",
        "date of birth [[BIRTH_DATE:twelfth of May nineteen eighty-one]]",
        "born [[BIRTH_DATE:nineteenth of march nineteen fifty nine]] in Leeds",
        "her birthday is [[BIRTH_DATE:May the twenty-first, two thousand and one]].",
        "geboren am [[BIRTH_DATE:zwölften Mai neunzehnhunderteinundachtzig]]",
        "born on the [[BIRTH_DATE:3rd of june nineteen fifty]]",
        "geboren am [[BIRTH_DATE:12. März neunzehnhundertachtzig]] in Bonn",
        "born [[BIRTH_DATE:3rd of june]] nineteen people came",
        "0 @I1@ INDI\n1 BIRT\n2 DATE [[BIRTH_DATE:12 MAR 1931]]\n2 PLAC Leeds",
        "a new star was born in nineteen eighty one",
        "DOB 991399",
        "DOB column added in 270769",
        "dob must be six digits",
    ],
)
def test_a_date_of_birth_is_known_in_further_forms(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "生年月日の登録が間違っています。正しくは[[BIRTH_DATE:1987年9月3日]]です。",
        "DOB prints 0000-00-00 which isn't a date, should be [[BIRTH_DATE:1943-02-20]]",
        "Birthdate in your system is [[BIRTH_DATE:23.09.1947]]. Mine is [[BIRTH_DATE:23.09.1974]]",
        "the dob says [[BIRTH_DATE:12/02/1968]], real is [[BIRTH_DATE:02/12/1968]]",
        "Geburtsdatum [[BIRTH_DATE:01.02.1980]] ist falsch, richtig wäre [[BIRTH_DATE:02.01.1980]]",
        "DOB [[BIRTH_DATE:12/02/1968]] is wrong and the invoice date should be 02/12/1968",
        "SELECT * FROM users WHERE birth_date < '1960-01-01'",
        "WHERE birth_date >= 1960-01-01",
    ],
)
def test_a_date_that_corrects_a_date_of_birth_is_one(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "she was born [[BIRTH_DATE:3 May 1961]] and Margot [[BIRTH_DATE:4 June 1963]] too",
        "born [[BIRTH_DATE:3 May 1961]] and my sister [[BIRTH_DATE:4 June 1963]]",
        (
            "birthdays of all: me [[BIRTH_DATE:30/04/1979]], Kit [[BIRTH_DATE:11/12/1981]], "
            "twins [[BIRTH_DATE:09/09/2016]]"
        ),
        "née le [[BIRTH_DATE:3 mai 1961]] et Paul le [[BIRTH_DATE:4 juin 1963]]",
        "birthdays: Kit ([[BIRTH_DATE:11/12/1981]]), Ann ([[BIRTH_DATE:12/12/1982]])",
        "DOBs: Eva - [[BIRTH_DATE:3.5.1961]]; Max - [[BIRTH_DATE:4.6.1963]]",
        "geboren am [[BIRTH_DATE:3.5.1961]] und seit 4.6.1983 in Bonn",
        "born [[BIRTH_DATE:3 May 1961]] and married 4 June 1983",
        "born [[BIRTH_DATE:3 May 1961]], Leeds 4 June 1983",
        "born [[BIRTH_DATE:3 May 1961]] and moved to Leeds 4 June 1983",
    ],
)
def test_the_dates_of_birth_of_further_persons_are_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        (
            "Name | DOB | City\nAnn | [[BIRTH_DATE:12/03/1981]] | Leeds\n"
            "Bob | [[BIRTH_DATE:04/05/1979]] | York\nCy | [[BIRTH_DATE:04/05/1978]] | Bath"
        ),
        (
            "| Name | DOB |\n|---|:--:|\n| Ann | [[BIRTH_DATE:12/03/1981]] |\n"
            "| Bob | [[BIRTH_DATE:04/05/1979]] |"
        ),
        "Name;DOB;City\nAnn;[[BIRTH_DATE:12/03/1981]];Leeds\nBob;[[BIRTH_DATE:04/05/1979]];York",
        "name,dob\nAnn,[[BIRTH_DATE:1981-03-12]]\nBob,[[BIRTH_DATE:1979-05-04]]",
        (
            "id,dob,hired\na,[[BIRTH_DATE:1981-03-12]],2010-01-01\n"
            "b,[[BIRTH_DATE:1979-05-04]],2011-01-01"
        ),
        "DOB | [[BIRTH_DATE:12/03/1981]] | Joined | 01/09/2005",
        "DOB | [[BIRTH_DATE:12/03/1981]] | 01/09/2005 | paid",
        "Ann, born in Leeds, [[BIRTH_DATE:12/03/1981]], first visit, 01/09/2005",
    ],
)
def test_the_dates_below_a_date_of_birth_in_a_table_are_found(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "card [[CARD:4111 1111 1111 1111]]  700",
        "[[CARD:4289 4219 4336 4424]]  300",
        "发工资的卡 [[CARD:6228 4065 8741 9732 623]] 农行",
        "Number's [[CARD:four one one one, one one one one, one one one one, one one one one]] exp",
        "four one one one, one one one one, one one one one, one one one two",
        "card [[CARD:4111 1111 1111 1111]], sec code [[SECRET:337]]",
        "my visa ends 4424, sec code is [[SECRET:337]]",
        "security number on my visa is [[SECRET:119]]",
        '[[CARD:4111 1111 1111 1111]], 12/27, the "little number" [[SECRET:056]]',
        "Karte [[CARD:4111 1111 1111 1111]], Code auf der Rückseite: [[SECRET:482]]",
        "social security number 119 of the card index",
        "the little number 056 on the door",
        "card design: numbers on the back are 120 pixels",
    ],
)
def test_a_card_in_words_and_the_words_for_its_code_are_known(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "ring me on [[PHONE:oh seven five four four one double two one eight nine]]",
        "her number is [[PHONE:oh seven seven double one, three two nine, five six oh]]",
        "count down for the call: one two three four five six seven eight nine",
        "the order number is one two seven four five six seven eight nine",
        "call me at one, two or three",
        "our company number is 09482217",
        "our company number is [[PHONE:020 7946 0958]]",
        "prescription no 00481-2219",
        "my number is [[PHONE:09482217]]",
    ],
)
def test_a_phone_number_may_be_in_words_and_is_none_of_a_company(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "sort code [[BANK:08 - 93 - 00]]",
        "sort [[BANK:77 - 31 - 06]] account [[BANK:12345678]]",
        "srt [[BANK:09-01-28]] acc [[BANK:12345678]]",
        "[[BANK:08 - 93 - 00]] sort, account [[BANK:12345678]]",
        "12-03-85 sort of thing, account closed",
        "12-03-85 sort, then merge",
    ],
)
def test_a_sort_code_is_known_with_spaces_and_before_its_name(marked: str) -> None:
    check_redaction(marked)
