"""The files of a trained model, and the check that they belong together."""

import hashlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from prompt_capture.domain.errors import InvalidArtifact
from prompt_capture.domain.models import Sha256, TrainingRecord, Version
from prompt_capture.domain.types import FrozenModel, Label, Probability, describe_first_error

MANIFEST_FILE = "manifest.json"
FINGERPRINT_FILE: Final = "training_fingerprint.npy"
SCHEMA_VERSION: Final = 3

StageName = Literal["student", "encoder"]
FileName = Literal[
    "student.onnx",
    "student.head.onnx",
    "student.tokenizer.json",
    "encoder.onnx",
    "encoder.head.onnx",
    "encoder.tokenizer.json",
    "training_fingerprint.npy",
]
"""All files that an artifact can have besides its manifest."""

MAX_MANIFEST_BYTES = 2**20
MAX_ARTIFACT_BYTES = 64 * 2**20
"""The files of an artifact together are at most this large: three models fit into a function."""

ENCODER_PROPERTY, LABELS_PROPERTY = "encoder_sha256", "labels_sha256"
"""The properties of a head's file: the functions of these names return their values."""

EXTERNAL_DATA_KEY = b"location"
"""Tensors in other files, or anywhere in memory, have an entry with this key (see `_check_graph`).
"""

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
    """One model of a cascade: an encoder with its tokenizer, and a head.

    A stage escalates a message to the next one where the margin between its two best intents is
    below `min_margin`, or the scope below `min_scope`. The last stage never escalates. A stage with
    a `blend` answers together with the stage before it. A message with a scope below
    `typical_scope` is unlike those that the model was measured on: no intent is confident then.
    """

    name: StageName
    max_tokens: int = Field(gt=2)
    temperature: float = Field(gt=0)
    min_margin: Probability = 0.0
    min_scope: Probability = 0.0
    blend: Blend | None = None
    typical_scope: Probability = 0.0

    @property
    def graph(self) -> FileName:
        """The file of the encoder: `input_ids` int64 [1, tokens] to `embedding` [1, width]."""
        return "student.onnx" if self.name == "student" else "encoder.onnx"

    @property
    def head(self) -> FileName:
        """The file of the head: `embedding` [1, width] to `probabilities` and `scope`."""
        return "student.head.onnx" if self.name == "student" else "encoder.head.onnx"

    @property
    def tokenizer(self) -> FileName:
        """The file of the tokenizer."""
        return "student.tokenizer.json" if self.name == "student" else "encoder.tokenizer.json"

    @property
    def files(self) -> tuple[FileName, FileName, FileName]:
        """The names of its files."""
        return self.graph, self.head, self.tokenizer


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
    false where the encoders were tuned on many of the messages: the figures are too high.
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


class ModelFile(FrozenModel):
    """The SHA-256 of a file, and its size."""

    sha256: Sha256
    bytes: int = Field(gt=0)


class ModelManifest(FrozenModel):
    """The description of a model artifact.

    `files` describes each file, and `training_data_sha256` covers the sorted examples.
    `metrics`, `thresholds` and `clause_calibration` are measured on the held-out examples that
    `measured_on` describes. Without such a sample there are none, and `measured_on` is None, as in
    a model that only reviewers and the model itself chose the examples of. `training` says how the
    model was made.
    """

    schema_version: Literal[3] = SCHEMA_VERSION
    version: Version
    labels: Annotated[tuple[Label, ...], Field(min_length=2)]
    stages: Annotated[tuple[CascadeStage, ...], Field(min_length=1)]
    files: Mapping[FileName, ModelFile]
    training: TrainingRecord
    training_examples: int
    training_data_sha256: str
    metrics: Mapping[str, float]
    thresholds: Thresholds | None
    clause_calibration: ClauseCalibration | None = None
    measured_on: MeasuredOn | None = None
    base_model: BaseModelInfo

    @field_validator("schema_version", mode="before")
    @classmethod
    def _check_schema(cls, version: object) -> object:
        if version != SCHEMA_VERSION:
            raise ValueError(
                f"this version reads models of schema {SCHEMA_VERSION} only. Train the model again"
            )
        return version

    @field_validator("labels")
    @classmethod
    def _check_distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) < len(labels):
            raise ValueError("a label appears twice")
        return labels

    @field_validator("stages")
    @classmethod
    def _check_stages(cls, stages: tuple[CascadeStage, ...]) -> tuple[CascadeStage, ...]:
        if len({stage.name for stage in stages}) < len(stages):
            raise ValueError("a stage appears twice")
        return stages

    @model_validator(mode="after")
    def _check_files(self) -> Self:
        expected = {FINGERPRINT_FILE, *self.served_files}
        if missing := sorted(expected.difference(self.files)):
            raise ValueError(f"files does not list {missing[0]}. Train the model again")
        if unused := sorted(set(self.files).difference(expected)):
            raise ValueError(f"files lists {unused[0]}, which no stage uses")
        if self.total_bytes > MAX_ARTIFACT_BYTES:
            raise ValueError(
                f"the files have {self.total_bytes:,} bytes, and at most {MAX_ARTIFACT_BYTES:,} "
                "are allowed"
            )
        return self

    @model_validator(mode="after")
    def _check_sample(self) -> Self:
        if self.metrics and self.measured_on is None:
            raise ValueError("metrics need measured_on, the sample that they come from")
        return self

    @property
    def served_files(self) -> Iterator[FileName]:
        """The files that service reads."""
        return (name for stage in self.stages for name in stage.files)

    @property
    def total_bytes(self) -> int:
        """The size of all files together, without the manifest."""
        return sum(file.bytes for file in self.files.values())

    def encoder_sha256(self, stage: CascadeStage) -> str:
        """Return the `encoder_sha256` of a stage."""
        return encoder_sha256(self.files[stage.graph].sha256, self.files[stage.tokenizer].sha256)


def encoder_sha256(graph_sha256: str, tokenizer_sha256: str) -> str:
    """Return the identity of an encoder in hex, which covers its graph and its tokenizer.

    A head carries it: embeddings of another encoder mean something else.
    """
    return hashlib.sha256(f"{graph_sha256} {tokenizer_sha256}".encode()).hexdigest()


def labels_sha256(labels: Sequence[str]) -> str:
    """Return the identity of labels in their order, in hex. A head carries it."""
    return hashlib.sha256(json.dumps(labels, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class ModelArtifact:
    """A folder with a manifest and the files of its stages.

    `is_packaged`: the folder is part of a package: checked on packaging, and read-only since. The
    folder may lack those files that `packaged`, an artifact of a package, has too.
    """

    folder: Path
    manifest: ModelManifest
    is_packaged: bool = False
    packaged: "ModelArtifact | None" = None

    @classmethod
    def load(
        cls, folder: Path, is_packaged: bool = False, packaged: "ModelArtifact | None" = None
    ) -> Self:
        """Load the manifest, and check the files that service reads against it.

        Files of a package are not checked again. Raise `InvalidArtifact`, whose message names the
        file and the problem.
        """
        artifact = cls(folder, read_manifest(folder), is_packaged, packaged)
        for name in artifact.manifest.served_files:
            artifact.check(name)
        return artifact

    def path(self, name: FileName) -> Path:
        """Return where a file is: in the package where the package has the same file."""
        if self.packaged and self._is_in(self.packaged, name):
            return self.packaged.path(name)
        return self.folder / name

    def is_from_package(self, name: FileName) -> bool:
        """Return whether a file is part of a package, where packaging has checked it."""
        return self.is_packaged or (
            self.packaged is not None
            and self.packaged.is_packaged
            and self._is_in(self.packaged, name)
        )

    def has_checked_length(self, stage: CascadeStage) -> bool:
        """Return whether packaging has run the encoder of a stage with as many tokens."""
        if self.packaged is None:
            return self.is_packaged
        return self.is_from_package(stage.graph) and any(
            other.graph == stage.graph and other.max_tokens >= stage.max_tokens
            for other in self.packaged.manifest.stages
        )

    def check(self, name: FileName) -> None:
        """Check a file against the manifest, unless it is from a package.

        Raise `InvalidArtifact`.
        """
        if not self.is_from_package(name):
            _check_file(self.path(name), self.manifest.files[name])

    def _is_in(self, other: "ModelArtifact", name: FileName) -> bool:
        return other.manifest.files.get(name) == self.manifest.files[name]


def file_sha256(file: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def describe_file(file: Path) -> ModelFile:
    """Return what a manifest says about a file."""
    return ModelFile(sha256=file_sha256(file), bytes=file.stat().st_size)


def read_manifest(folder: Path) -> ModelManifest:
    """Read the manifest of a folder, whose files are not checked. Raise `InvalidArtifact`."""
    file = folder / MANIFEST_FILE
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_MANIFEST_BYTES + 1)
    except OSError:
        raise InvalidArtifact(
            f"{file} cannot be read. Is {folder} a model from `prompt-capture train`?"
        ) from None
    if len(content) > MAX_MANIFEST_BYTES:
        raise InvalidArtifact(f"{file} is too large: it has over {MAX_MANIFEST_BYTES:,} bytes.")
    try:
        return ModelManifest.model_validate_json(content)
    except ValidationError as error:
        raise InvalidArtifact(f"{file}, {describe_first_error(error, 'the file')}") from None


def _check_file(file: Path, expected: ModelFile) -> None:
    """Check the size before reading the file, and then its hash and its kind."""
    try:
        size = file.stat().st_size
        if size != expected.bytes:
            raise InvalidArtifact(
                f"{file} has {size:,} bytes instead of the {expected.bytes:,} in {MANIFEST_FILE}: "
                "it is damaged or was replaced. Copy the whole folder of the model again."
            )
        with file.open("rb") as opened:
            content = opened.read(expected.bytes)
    except OSError:
        raise InvalidArtifact(
            f"{file} is missing or cannot be read. Copy the whole folder of the model."
        ) from None
    if hashlib.sha256(content).hexdigest() != expected.sha256:
        raise InvalidArtifact(
            f"{file} does not match its SHA-256 in {MANIFEST_FILE}: it is damaged or was replaced. "
            "Copy the whole folder of the model again."
        )
    if file.suffix == ".onnx":
        _check_graph(file, content)


def _check_graph(file: Path, content: bytes) -> None:
    """Refuse a graph that could refer to data outside of its file.

    ONNX Runtime finds such data by the entry `location` of a tensor: the path of a file, or an
    address in the memory of the process. A protocol buffer holds the key as it is, so that no graph
    without these bytes has such an entry. The graphs that training writes never contain them.
    """
    if EXTERNAL_DATA_KEY in content:
        raise InvalidArtifact(
            f"{file} may refer to data outside of the file (ONNX external data), which is not "
            "loaded. Train the model again."
        )
