"""The tokenizer alone: the part of a message's time that no model can save."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from benchmarks.models.own import BASE
from prompt_capture.adapters.model_artifact import ModelArtifact
from prompt_capture.domain.text import normalise


def tokenizing() -> Callable[[str], NDArray[np.int64]]:
    """Answer a function that makes the token ids of a text, as the shipped model's graph does."""
    artifact = ModelArtifact.load(BASE)
    first = artifact.manifest.stages[0]
    tokenizer = Tokenizer.from_file(str(artifact.folder / first.tokenizer))
    tokenizer.no_padding()
    tokenizer.enable_truncation(first.max_tokens)
    return lambda text: np.array([tokenizer.encode(normalise(text)).ids], np.int64)
