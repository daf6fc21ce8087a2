"""Normalisation: invisible differences between texts disappear, and every input is accepted."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.text import normalise
from training.data.reading import read_examples

SHIPPED_MODEL = Path(__file__).parents[2] / "model_artifacts" / "assistant"

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)
"""Includes unpaired surrogates: JSON can contain one, although no text encoding can."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" \t\r\n\u00a0\u2003 ", ""),
        ("move\tit\n to  5", "move it to 5"),
        ("\uff46\uff55\uff4c\uff4c \u2460", "full 1"),
        ("e\u0301te\u0301", "été"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("half \ud83d a pair", "half a pair"),
        ("👩\u200d💻 stays whole", "👩\u200d💻 stays whole"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_texts_that_look_alike_normalise_to_the_same_text(text: str, expected: str) -> None:
    assert normalise(text) == expected


@given(ANY_TEXT)
def test_a_normalised_text_can_be_encoded(text: str) -> None:
    normalise(text).encode("utf-8")


def test_a_text_with_an_unpaired_surrogate_can_be_classified_and_trained_on(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"text": "hello \\ud83d", "label": "greeting"}\n')
    (example,) = read_examples([file])
    model = OnnxClassifier(ModelArtifact.load(SHIPPED_MODEL))

    assert model.classify([example.text]) == model.classify(["hello"])
