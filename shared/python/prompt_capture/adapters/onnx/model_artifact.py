"""The files of a trained model, and the check that they belong together."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.types import FrozenModel, Label, Probability, describe_first_error

MANIFEST_FILE = "manifest.json"
PROBABILITY_EPSILON = 1e-6
"""Log odds are infinite at 0 and 1, so probabilities stay this far from both."""


class BaseModelInfo(FrozenModel):
    """The pretrained model that the encoder started from."""

    name: str
    licence: str
    sha256: str


class Blend(FrozenModel):
    """How a stage and the stage before it answer together, as a logarithmic opinion pool.

    The log probabilities of the stage count `own` times, and those of the stage before it `earlier`
    times. The scope is that of the later stage alone.
    """

    own: float = Field(ge=0)
    earlier: float = Field(ge=0)


class CascadeStage(FrozenModel):
    """One model of a cascade: the file names of its ONNX graph and its tokenizer.

    A stage escalates a message to the next one where the margin between its two best intents is
    below `min_margin`, or the scope below `min_scope`. The last stage never escalates. A stage with
    a `blend` answers together with the stage before it.
    """

    name: Label
    graph: str
    tokenizer: str
    max_tokens: int = Field(gt=2)
    temperature: float = Field(gt=0)
    min_margin: Probability = 0.0
    min_scope: Probability = 0.0
    blend: Blend | None = None

    @property
    def files(self) -> tuple[str, str]:
        """The names of its files."""
        return self.graph, self.tokenizer


class Thresholds(FrozenModel):
    """The confidences from which on predictions reach a target.

    From its threshold on, `target_precision` of the predictions of an intent are right, or
    `target_recall` of the messages with an intent are predicted correctly. This is measured on
    examples that no fit has used. `per_intent` holds the intents with enough of them. A threshold
    is None where no confidence reaches the target. The thresholds only inform, unless they
    `decide_review`: predictions below them then need a review.
    """

    target_precision: Probability | None = None
    target_recall: Probability | None = None
    decide_review: bool = False
    overall: Probability | None
    per_intent: Mapping[Label, Probability | None]

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if (self.target_precision is None) == (self.target_recall is None):
            raise ValueError("the thresholds must have one target, a precision or a recall")
        return self

    def of(self, intent: str) -> float | None:
        """Return the threshold of an intent: its own, or else the overall one."""
        return self.per_intent.get(intent, self.overall)


class MeasuredOn(FrozenModel):
    """The sample that the figures of a model come from, and its size.

    `audited`: messages that a uniform random audit selected and a person labelled. `seed`: examples
    that were written for training, each classified by a model that had not learned it. They show
    how well the model knows such examples, not how well it serves real messages. `is_unbiased` is
    false where the encoders were tuned on nearly all of the messages: the figures are too high.
    """

    sample: Literal["audited", "seed"]
    messages: int
    is_unbiased: bool = True


class ClauseCalibration(FrozenModel):
    """Turns the confidence in a clause into the probability that its message has that intent.

    It is a Platt scaling: a linear function of the log odds, with a positive slope.
    """

    weight: float = Field(gt=0)
    bias: float

    def calibrate(self, confidence: float) -> float:
        """Return a probability between 0 and 1."""
        return 1 / (1 + math.exp(-(self.weight * log_odds(confidence) + self.bias)))


def log_odds(probability: float) -> float:
    """Return the logarithm of the odds, which is finite for 0 and 1 too."""
    clipped = min(max(probability, PROBABILITY_EPSILON), 1 - PROBABILITY_EPSILON)
    return math.log(clipped / (1 - clipped))


class ModelManifest(FrozenModel):
    """The description of a model artifact.

    `files` maps each file to its SHA-256, and `training_data_sha256` covers the sorted examples.
    `metrics`, `thresholds` and `clause_calibration` are measured on the held-out examples that
    `measured_on` describes. Without such a sample there are none, and `measured_on` is None, as in
    the models of earlier versions.
    """

    schema_version: Literal[2] = 2
    version: Label
    labels: Annotated[tuple[Label, ...], Field(min_length=2)]
    stages: Annotated[tuple[CascadeStage, ...], Field(min_length=1)]
    files: dict[str, str]
    training_examples: int
    training_data_sha256: str
    metrics: Mapping[str, float]
    thresholds: Thresholds | None
    clause_calibration: ClauseCalibration | None = None
    measured_on: MeasuredOn | None = None
    base_model: BaseModelInfo

    @field_validator("labels")
    @classmethod
    def _check_distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) < len(labels):
            raise ValueError("a label appears twice")
        return labels


@dataclass(frozen=True)
class ModelArtifact:
    """A folder with a manifest and the files of its stages."""

    folder: Path
    manifest: ModelManifest
    is_packaged: bool = False
    """Whether the folder is part of a package: checked on packaging, and read-only since."""

    @classmethod
    def load(cls, folder: Path, is_packaged: bool = False) -> Self:
        """Load the manifest, and check the files against it unless the artifact is packaged.

        Raise `InvalidArtifact`, whose message names the file and the problem.
        """
        manifest = _read_manifest(folder)
        if is_packaged:
            return cls(folder, manifest, is_packaged)
        for name in (name for stage in manifest.stages for name in stage.files):
            _check_file(folder / name, manifest.files.get(name))
        return cls(folder, manifest)


def file_sha256(file: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _read_manifest(folder: Path) -> ModelManifest:
    file = folder / MANIFEST_FILE
    try:
        return ModelManifest.model_validate_json(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InvalidArtifact(
            f"{file} cannot be read. Is {folder} a model from `prompt-capture train`?"
        ) from None
    except ValidationError as error:
        raise InvalidArtifact(f"{file}, {describe_first_error(error, 'the file')}") from None


def _check_file(file: Path, expected: str | None) -> None:
    if expected is None:
        raise InvalidArtifact(f"{MANIFEST_FILE} does not list {file.name}. Train the model again.")
    if not file.is_file():
        raise InvalidArtifact(f"{file} is missing. Copy the whole folder of the model.")
    if file_sha256(file) != expected:
        raise InvalidArtifact(
            f"{file} does not match its SHA-256 in {MANIFEST_FILE}: it is damaged or was replaced. "
            "Copy the whole folder of the model again."
        )
