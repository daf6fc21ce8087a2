"""The one normalisation: what no reader can see makes no difference, and nothing breaks it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompt_capture.adapters.model_artifact import ModelArtifact
from prompt_capture.adapters.onnx_classifier import OnnxClassifier
from prompt_capture.domain.text import normalise
from training.examples import read_examples

SHIPPED = Path(__file__).parents[2] / "model_artifacts" / "assistant"

any_text = st.text(st.characters(exclude_categories=()), max_size=200)
"""Half a surrogate pair included: JSON can carry one, though no encoding of text can."""


@pytest.mark.parametrize(
    ("text", "normal"),
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
def test_texts_that_look_alike_become_alike(text: str, normal: str) -> None:
    assert normalise(text) == normal


@given(any_text)
def test_what_is_normal_can_be_encoded(text: str) -> None:
    normalise(text).encode("utf-8")


def test_half_a_surrogate_pair_is_classified_and_trained_on(tmp_path: Path) -> None:
    file = tmp_path / "data.jsonl"
    file.write_text('{"text": "hello \\ud83d", "label": "greeting"}\n')
    (example,) = read_examples([file])
    model = OnnxClassifier(ModelArtifact.load(SHIPPED))

    assert model.classify([example.text]) == model.classify(["hello"])
