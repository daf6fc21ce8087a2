"""Texts of callers in the real store: none costs a message, an outcome or a correction."""

from uuid import UUID

import pytest

from infra.local import stack_env
from prompt_capture.client import CaptureClient
from tests.end_to_end.conftest import DeployedStack

EMOJI = "\U0001f600"


class WithoutText(Exception):
    """An exception whose text cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("body", "prompt"),
    [
        (r'{"message": "nice \ud83d", "user_id": "USER"}', "nice \ufffd"),
        ('\ufeff{"message": "nice", "user_id": "USER", "conversation_id": ""}', "nice"),
        (r'{"message": "ni\u0000ce", "user_id": "USER", "message_index": ""}', "nice"),
        (rf'{{"message": "{EMOJI * 5_000}", "user_id": "USER"}}', EMOJI * 4_000),
    ],
    ids=["half an emoji", "byte order mark", "NUL", "long"],
)
def test_a_message_of_any_client_is_captured(
    deployment: DeployedStack, body: str, prompt: str
) -> None:
    content = body.replace("USER", deployment.ada.id).encode()

    response = deployment.http.post(
        deployment.stack.classify_url,
        content=content,
        headers=deployment.key | {"Content-Type": "application/json"},
    )

    assert response.status_code == 200, response.text
    assert response.json()["captured"] == "stored"
    (row,) = deployment.rows()
    assert row["prompt"] == prompt


@pytest.mark.parametrize(
    ("error", "recorded"),
    [
        (ValueError("bad \ud83d"), "ValueError: bad \ufffd"),
        (ValueError(EMOJI * 8_000), "ValueError: " + EMOJI * 7_976 + " [shortened]"),
        (ValueError("a\0b"), "ValueError: ab"),
        (TimeoutError(), "TimeoutError"),
        (WithoutText(), "WithoutText"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
    ],
    ids=["half an emoji", "long", "NUL", "empty", "unreadable", "interrupt"],
)
def test_the_outcome_of_a_block_is_recorded_whatever_its_error_says(
    deployment: DeployedStack, error: BaseException, recorded: str
) -> None:
    with CaptureClient.from_env(stack_env.variables(deployment.stack)) as client:
        answer = client.classify("remind me to call mum", user_id=deployment.ada.id)
        with pytest.raises(type(error)), client.workflow(answer, "create_task"):
            raise error

    (row,) = deployment.rows()
    assert (row["was_successful"], row["execution_error"]) == (False, recorded)


@pytest.mark.parametrize("empty", ["", "\0", None])
def test_an_outcome_and_a_correction_need_no_text(
    deployment: DeployedStack, empty: str | None
) -> None:
    with CaptureClient.from_env(stack_env.variables(deployment.stack)) as client:
        answer = client.classify("remind me to call mum", user_id=deployment.ada.id)
        assert isinstance(answer.log_id, UUID)

        assert client.record_outcome(answer.log_id, False, "t", empty) == "recorded"
        corrected = client.correct(answer.log_id, "reminder", reviewer="ann", notes=empty)

    assert corrected == "recorded"
    (row,) = deployment.rows()
    assert (row["was_successful"], row["execution_error"]) == (False, None)
    assert (row["corrected_by"], row["correction_notes"]) == ("ann", None)


@pytest.mark.parametrize("message", ["", "\0\0", " ", "\u200b"], ids=ascii)
def test_a_message_without_a_visible_character_keeps_its_outcome(
    deployment: DeployedStack, message: str
) -> None:
    with CaptureClient.from_env(stack_env.variables(deployment.stack)) as client:
        answer = client.classify(message, user_id=deployment.ada.id)
        with client.workflow(answer, "greet"):
            pass

    assert (answer.intent, answer.captured) == ("unknown", "stored")
    (row,) = deployment.rows()
    assert (row["prompt"], row["was_successful"]) == (message.replace("\0", "") or " ", True)
