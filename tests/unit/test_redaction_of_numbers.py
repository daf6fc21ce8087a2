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
        "customer id 90482917 has 3 open cases",
        "the civil case 90482917",
        "eid 784 of 1200",
    ],
)
def test_an_identity_number_is_known_by_its_name_and_its_form(marked: str) -> None:
    check_redaction(marked)
