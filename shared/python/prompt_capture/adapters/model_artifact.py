"""A trained model as files: which they are, and the check that they belong together."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator

from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.faults import first_fault
from prompt_capture.domain.types import FrozenModel, Label, Probability

MANIFEST_FILE = "manifest.json"
SMALLEST_DOUBT = 1e-6


class BaseModelNotice(FrozenModel):
    """Whose weights the encoder started from."""

    name: str
    licence: str
    sha256: str


class Stage(FrozenModel):
    """One model of a cascade: an ONNX graph with its tokenizer, by file name.

    A stage whose two best intents lie closer than `min_margin`, or whose scope is below
    `min_scope`, leaves the message to the next one; the last stage always answers.
    """

    name: Label
    graph: str
    tokenizer: str
    max_tokens: int = Field(gt=2)
    temperature: float = Field(gt=0)
    min_margin: Probability = 0.0
    min_scope: Probability = 0.0

    @property
    def files(self) -> tuple[str, str]:
        """The names of its files."""
        return self.graph, self.tokenizer


class Thresholds(FrozenModel):
    """Confidences above which at least `precision` of the answers were right.

    Measured on examples that no fit has seen; `per_intent` holds the intents with enough of them.
    None where no confidence reaches the precision.
    """

    precision: Probability
    overall: Probability | None
    per_intent: Mapping[Label, Probability | None]


class ClauseCalibration(FrozenModel):
    """Turns the confidence in a clause into how sure it is that its message asks for that at all.

    By Platt scaling: a line through the log odds, of positive slope.
    """

    weight: float = Field(gt=0)
    bias: float

    def of(self, confidence: float) -> float:
        """Answer a probability between 0 and 1."""
        return 1 / (1 + math.exp(-(self.weight * log_odds(confidence) + self.bias)))


def log_odds(probability: float) -> float:
    """Answer the logarithm of the odds, which is finite for 0 and 1 too."""
    within = min(max(probability, SMALLEST_DOUBT), 1 - SMALLEST_DOUBT)
    return math.log(within / (1 - within))


class Manifest(FrozenModel):
    """What an artifact says of itself.

    `files` maps each file to its SHA-256, `training_data_sha256` covers the sorted examples, and
    `metrics`, `thresholds` and `clauses` were measured on examples that were held back.
    """

    schema_version: Literal[2] = 2
    version: Label
    labels: Annotated[tuple[Label, ...], Field(min_length=2)]
    stages: Annotated[tuple[Stage, ...], Field(min_length=1)]
    files: dict[str, str]
    training_examples: int
    training_data_sha256: str
    metrics: Mapping[str, float]
    thresholds: Thresholds | None
    clauses: ClauseCalibration | None = None
    base_model: BaseModelNotice

    @field_validator("labels")
    @classmethod
    def _are_distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) < len(labels):
            raise ValueError("a label is there twice")
        return labels


@dataclass(frozen=True)
class ModelArtifact:
    """A folder with a manifest and the files of its stages, checked against each other."""

    folder: Path
    manifest: Manifest
    is_packaged: bool = False
    """Whether it was checked when it was packaged, and cannot have changed since."""

    @classmethod
    def load(cls, folder: Path, is_packaged: bool = False) -> Self:
        """Read and check; raises `InvalidArtifact`, which says what is wrong with which file."""
        manifest = _read_manifest(folder)
        if is_packaged:
            return cls(folder, manifest, is_packaged)
        for name in (name for stage in manifest.stages for name in stage.files):
            _check_file(folder / name, manifest.files.get(name))
        return cls(folder, manifest)


def sha256_of(file: Path) -> str:
    """Answer a file's SHA-256 in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read_manifest(folder: Path) -> Manifest:
    file = folder / MANIFEST_FILE
    try:
        return Manifest.model_validate_json(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InvalidArtifact(
            f"{file} cannot be read: is {folder} a model, as `prompt-capture train` writes it?"
        ) from None
    except ValidationError as error:
        raise InvalidArtifact(f"{file}, {first_fault(error, 'the file')}") from None


def _check_file(file: Path, expected: str | None) -> None:
    if expected is None:
        raise InvalidArtifact(f"{MANIFEST_FILE} does not list {file.name}: train the model again.")
    if not file.is_file():
        raise InvalidArtifact(f"{file} is missing: copy the whole folder of the model.")
    if sha256_of(file) != expected:
        raise InvalidArtifact(
            f"{file} is not the file that {MANIFEST_FILE} describes: "
            "it was damaged or replaced. Copy the whole folder of the model again."
        )
