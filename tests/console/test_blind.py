"""Disagreements of models are reviewed blind, with keys alone."""

from typing import Any

from infra.local.stack import Stack
from infra.local.users import User

from .conftest import Capture, Database, OpenConsole, events
from .disagreements import CANDIDATE, CHAMPION, PROBABILITY, draw


def pool(database: Database) -> list[tuple[Any, ...]]:
    """Return the pool in the order of review."""
    query = """
        select text, first_intent, second_intent, corrected_intent, decided_at is not null,
          reviewer, probability
        from public.model_disagreements join private.disagreement_draws using (text_key)
        order by model_disagreements.rank, id"""
    return database.execute(query).fetchall()


def test_disagreements_are_decided_blind_and_keep_their_probability(
    open_page: OpenConsole, reviewer: User, database: Database, capture: Capture, stack: Stack
) -> None:
    draw(stack, *(capture(f"disputed by models {number}") for number in range(3)))
    capture("a message of the queue")
    console = open_page()
    bodies: list[str] = []
    console.page.on(
        "response",
        lambda response: bodies.append(response.text()) if "/rpc/" in response.url else None,
    )
    console.sign_in(reviewer)
    console.wait_for_message("a message of the queue")
    console.page.get_by_role("button", name="Review them blind").wait_for()
    texts = [row[0] for row in pool(database)]
    console.press("b")

    console.wait_for_message(texts[0])
    choices = console.page.locator(".choice").all_inner_texts()
    shown = console.page.locator("main").inner_text()
    assert [choice.split("\n")[1] for choice in choices] == [*pool(database)[0][1:3], "unknown"]
    assert len({choice.split("\n")[2] for choice in choices[:2]}) == 1
    assert "%" not in shown
    assert console.page.locator("main [aria-pressed='true'], main :checked").count() == 0
    console.press("2")
    console.wait_for_message(texts[1])
    console.press("/")
    console.page.keyboard.type("remind")
    console.press("Enter")
    console.wait_for_message(texts[2])
    console.press("1", "u")
    console.wait_for_message(texts[2])
    console.press("s", "1")
    console.page.get_by_text("No message waits for this reason.").wait_for()
    console.wait_until_recorded()
    console.press("b")
    console.wait_for_message("a message of the queue")

    assert [row[3:] for row in pool(database)] == [
        (pool(database)[0][2], True, reviewer.id, PROBABILITY),
        ("reminder", True, reviewer.id, PROBABILITY),
        (None, False, None, PROBABILITY),
    ]
    recorded = [intent for (intent,) in events(database, "to_intent") if intent]
    assert recorded[:2] == [pool(database)[0][2], "reminder"]
    queue = database.execute(
        """select corrected_intent from public.review_queue
           where 'model_disagreement' = any (reasons) and decided_at is not null order by 1"""
    ).fetchall()
    assert queue == sorted([(pool(database)[0][2],), ("reminder",)])
    blind = [body for body in bodies if any(text in body for text in texts)]
    assert blind
    for hidden in (CANDIDATE, CHAMPION, "predicted", "confidence", "low_confidence"):
        assert hidden not in "".join(blind)
