"""Every model with a decision accepts and refuses the same secondary intents."""

from uuid import uuid4

import pytest
from pydantic import ValidationError

from prompt_capture.api.console import ReviewRequest
from prompt_capture.api.corrections import CorrectionRequest
from prompt_capture.domain.changes import Correction, DecisionModel
from prompt_capture.domain.reviewed_prompts import ReviewedPrompt

MODELS: tuple[type[DecisionModel], ...] = (
    Correction, CorrectionRequest, ReviewRequest, ReviewedPrompt,
)  # fmt: skip
OTHERS: dict[type[DecisionModel], dict[str, object]] = {
    Correction: {"corrected_by": "grace"},
    CorrectionRequest: {"log_id": uuid4()},
    ReviewRequest: {"item": 17, "seen": 0},
    ReviewedPrompt: {"id": uuid4()},
}


def _decide(model: type[DecisionModel], secondary: list[str] | None) -> DecisionModel:
    intents = {"corrected_intent": "reminder", "corrected_secondary_intents": secondary}
    return model.model_validate({**OTHERS[model], **intents})


def test_these_are_all_models_with_a_decision() -> None:
    assert set(DecisionModel.__subclasses__()) == set(MODELS)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("secondary", [None, [], ["email", "status"]])
def test_a_decision_has_the_intents_in_order(
    model: type[DecisionModel], secondary: list[str] | None
) -> None:
    stated = None if secondary is None else tuple(secondary)

    assert _decide(model, secondary).decision == ("reminder", stated)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("secondary", "problem"),
    [
        (["email", "reminder"], "One is the primary intent. Remove it"),
        (["email", "email"], "One is named twice. Name each once"),
        ([f"intent_{number}" for number in range(11)], "more than 10|at most 10"),
    ],
)
def test_wrong_secondary_intents_are_refused_by_their_field(
    model: type[DecisionModel], secondary: list[str], problem: str
) -> None:
    with pytest.raises(ValidationError, match=problem) as error:
        _decide(model, secondary)

    assert error.value.errors()[0]["loc"] == ("corrected_secondary_intents",)
