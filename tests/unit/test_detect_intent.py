"""The intent of a message with several clauses."""

from collections.abc import Sequence

import pytest

from prompt_capture.domain.predictions import SMALL_TALK_INTENTS, Prediction
from prompt_capture.workflows.detect_intent import IntentDetector


class ClauseClassifier:
    """Predicts the intents that it was given for texts, each with one confidence."""

    version = "clauses-1"
    labels = ("chitchat", "email", "greeting", "reschedule", "unknown")

    def __init__(self, intents: dict[str, str], clause_confidence: float = 0.9) -> None:
        self._intents = intents
        self._clause_confidence = clause_confidence

    def classify(self, texts: Sequence[str]) -> list[Prediction]:
        return [self._predict(text, 0.95) for text in texts]

    def classify_clauses(self, clauses: Sequence[str]) -> list[Prediction]:
        return [self._predict(clause, self._clause_confidence) for clause in clauses]

    def _predict(self, text: str, confidence: float) -> Prediction:
        return Prediction(
            intent=self._intents[text],
            confidence=confidence,
            source="model",
            model_version=self.version,
        )


CLAUSES = {"its raining now": "chitchat", "move the run": "reschedule"}


def detect(
    whole: str,
    clauses: dict[str, str],
    confidence: float = 0.9,
    small_talk: Sequence[str] = SMALL_TALK_INTENTS,
) -> tuple[str, list[str]]:
    """Return the intent and the secondary intents of a message with these clauses."""
    message = ", ".join(clauses)
    model = ClauseClassifier({**clauses, message: whole}, confidence)
    prediction = IntentDetector(model, small_talk=small_talk).detect(message)
    return prediction.intent, [each.intent for each in prediction.secondary_intents]


@pytest.mark.parametrize("whole", ["chitchat", "reschedule"])
def test_a_request_decides_beside_small_talk(whole: str) -> None:
    assert detect(whole, CLAUSES) == ("reschedule", [])


def test_small_talk_that_asks_for_nothing_keeps_its_intent() -> None:
    clauses = {"good morning all": "greeting", "its raining now": "chitchat"}

    assert detect("greeting", clauses) == ("greeting", [])


def test_an_unsure_request_does_not_outweigh_small_talk() -> None:
    assert detect("chitchat", CLAUSES, confidence=0.6) == ("chitchat", [])


REASON = {"the exam is monday": "calendar_event", "find two hours for it": "scheduling"}


@pytest.mark.parametrize(
    ("confidence", "primary"), [(0.85, "scheduling"), (0.95, "calendar_event")]
)
def test_the_whole_message_decides_unless_the_first_clause_is_sure(
    confidence: float, primary: str
) -> None:
    (secondary,) = set(REASON.values()) - {primary}

    assert detect("scheduling", REASON, confidence) == (primary, [secondary])


def test_the_first_clause_decides_where_the_whole_message_is_none_of_the_clauses() -> None:
    assert detect("email", REASON, confidence=0.8) == ("calendar_event", ["scheduling"])


def test_two_requests_behind_small_talk_keep_their_order() -> None:
    clauses = {**CLAUSES, "email the team": "email"}

    assert detect("chitchat", clauses) == ("reschedule", ["email"])


def test_a_single_request_leaves_another_intent_of_the_message_as_it_is() -> None:
    clauses = {"its raining now": "unknown", "move the run": "reschedule"}

    assert detect("email", clauses) == ("email", [])


def test_which_intents_are_small_talk_is_a_setting() -> None:
    assert detect("chitchat", CLAUSES, small_talk=()) == ("chitchat", ["reschedule"])
    assert detect("email", {**CLAUSES, "email the team": "email"}, small_talk=["email"]) == (
        "chitchat",
        ["reschedule"],
    )
