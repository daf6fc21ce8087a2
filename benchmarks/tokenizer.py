"""The tokenizer only: the part of the latency that every encoder model has."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from benchmarks.models.artifact import SHIPPED_MODEL
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.domain.text import normalise


def load_tokenizer() -> Callable[[str], NDArray[np.int64]]:
    """Return a function from a text to its token ids, shape [1, n], as the shipped model needs."""
    artifact = ModelArtifact.load(SHIPPED_MODEL)
    first_stage = artifact.manifest.stages[0]
    tokenizer = Tokenizer.from_file(str(artifact.folder / first_stage.tokenizer))
    tokenizer.no_padding()
    tokenizer.enable_truncation(first_stage.max_tokens)
    return lambda text: np.array([tokenizer.encode(normalise(text)).ids], np.int64)
