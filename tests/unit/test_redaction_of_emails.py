"""Redaction of email addresses beside words and signs that are no part of them.

Double brackets enclose each entity of a text, after the name of its placeholder.
"""

import pytest

from tests.unit.marked_texts import check_redaction


@pytest.mark.parametrize(
    "text",
    [
        "The mail service is down at health.example.com",
        "email the team about the talk at devdays.example.org",
        "The mail relay crashed at node7.example.com",
        "mail: the gateway was unreachable at mx.example.com",
        "email.SendException: broken at shop.orders.Cart.add(Cart.java:31)",
        "Email failed: TypeError at Mailer.send (/srv/mailer.js:12:7)",
        "java.lang.IllegalStateException at shop.orders.Cart.add(Cart.java:31) in the email job",
        "Mail is back at mail.example.org",
        "emails bounce at mx3.example.com",
        "come at 7 dot 45",
        "meet at 6 dot 15 about the mails",
        "lunch 6pm at bistro dot com",
    ],
)
def test_a_common_word_before_at_is_no_mailbox(text: str) -> None:
    check_redaction(text)


@pytest.mark.parametrize(
    "marked",
    [
        "email: [[EMAIL:lina at example.org]]",
        "my email is [[EMAIL:lina dot berg at example dot org]]",
        "mail alfred or [[EMAIL:khaled at example.org]]",
        "[[EMAIL:lina at example dot org]] (private)",
        "email lina at [[EMAIL:lina.b@example.org]]",
        "|Lina|[[EMAIL:lina@example.org]]|",
        "id|5823|[[EMAIL:l@example.org]]|open",
        "[[EMAIL:l@example.org]]|[[EMAIL:m@example.org]]",
        "|a|b|\n|-|-|\n|Lina Berg|[[EMAIL:lina@example.org]]|",
    ],
)
def test_the_words_and_cells_beside_an_address_stay(marked: str) -> None:
    check_redaction(marked)
