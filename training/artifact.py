"""Write a trained model as the artifact folder that the functions serve."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import onnx

from prompt_capture.adapters.onnx.model_artifact import (
    MANIFEST_FILE,
    BaseModelInfo,
    CascadeStage,
    MeasuredOn,
    ModelManifest,
    describe_file,
    encoder_sha256,
    file_sha256,
)
from prompt_capture.domain.models import TrainingRecord
from training.calibrate.cascade import CascadeCalibration, StageCalibration
from training.calibrate.predictions import Predictions
from training.calibrate.scope import ScopeScorer
from training.calibrate.thresholds import confidence_thresholds
from training.config import ReviewTarget
from training.data.examples import Example, data_digest
from training.data.fingerprint import TrainingFingerprint
from training.fit.encoders import FittedStage
from training.head_graph import head_graph
from training.report.evaluation import MIN_ECE_MESSAGES, compute_metrics


@dataclass(frozen=True)
class CalibratedStage:
    """A fitted stage with its calibration and its scope scorer."""

    fitted: FittedStage
    calibration: StageCalibration
    scope: ScopeScorer


@dataclass(frozen=True)
class ArtifactMetadata:
    """What a manifest records besides the stages.

    The version starts with `name`. `fingerprint` covers the texts that the encoders were
    fine-tuned on. `is_unbiased` is that of `TrainingResult`, and `review_target` that of
    `TrainingConfig`.
    """

    name: str
    record: TrainingRecord
    base_model: BaseModelInfo
    examples: Sequence[Example]
    fingerprint: TrainingFingerprint
    is_unbiased: bool
    review_target: ReviewTarget | None = None


def write_artifact(
    out: Path,
    metadata: ArtifactMetadata,
    stages: Sequence[CalibratedStage],
    calibration: CascadeCalibration | None,
) -> ModelManifest:
    """Write graphs, tokenizers and the manifest to `out`, and delete files of an older model.

    An older model stays as it is unless all files can be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    older = _read_manifest(out).get("files", ())
    with TemporaryDirectory(prefix=".partial-", dir=out) as partial:
        manifest = _write_files(Path(partial), metadata, stages, calibration)
        for name in (*manifest.files, MANIFEST_FILE):
            (Path(partial) / name).replace(out / name)
    _delete_stale_files(out, set(older).difference(manifest.files))
    return manifest


def has_other_files(folder: Path) -> bool:
    """Return whether a folder holds visible files and no model of any version."""
    files = folder.iterdir() if folder.is_dir() else ()
    return any(not file.name.startswith(".") for file in files) and not _read_manifest(folder)


def _read_manifest(folder: Path) -> Mapping[str, Any]:
    """Return the manifest of a model of any version, or an empty one where there is none."""
    try:
        manifest = json.loads((folder / MANIFEST_FILE).read_bytes())
    except (OSError, ValueError):
        return {}
    is_model = isinstance(manifest, dict) and manifest.keys() >= {"version", "labels"}
    return manifest if is_model else {}


def _write_files(
    out: Path,
    metadata: ArtifactMetadata,
    stages: Sequence[CalibratedStage],
    calibration: CascadeCalibration | None,
) -> ModelManifest:
    """Write all files of a model. The version ends with a digest of the manifest."""
    entries = tuple(_write_stage(out, stage) for stage in stages)
    names = [file for entry in entries for file in entry.files]
    names.append(metadata.fingerprint.write(out))
    manifest = ModelManifest(
        version=metadata.name,
        labels=stages[-1].fitted.head.labels,
        stages=entries,
        files={name: describe_file(out / name) for name in names},
        training=metadata.record,
        training_examples=len(metadata.examples),
        training_data_sha256=data_digest(metadata.examples),
        metrics=manifest_metrics(calibration.predictions) if calibration else {},
        thresholds=confidence_thresholds(
            calibration.predictions if calibration else None, metadata.review_target
        ),
        clause_calibration=calibration.clause_calibration if calibration else None,
        measured_on=_describe_sample(calibration, metadata) if calibration else None,
        base_model=metadata.base_model,
    )
    digest = hashlib.sha256(_to_json(manifest).encode()).hexdigest()
    named = manifest.model_copy(update={"version": f"{metadata.name}-{digest[:8]}"})
    (out / MANIFEST_FILE).write_text(_to_json(named), "utf-8")
    return named


def _to_json(manifest: ModelManifest) -> str:
    values = manifest.model_dump(mode="json")
    return json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _describe_sample(calibration: CascadeCalibration, metadata: ArtifactMetadata) -> MeasuredOn:
    messages = len(calibration.predictions.texts)
    return MeasuredOn(
        sample=calibration.sample, messages=messages, is_unbiased=metadata.is_unbiased
    )


def manifest_metrics(predictions: Predictions) -> dict[str, float]:
    """Return the metrics of a manifest, rounded to 4 digits.

    The calibration error is missing where `MIN_ECE_MESSAGES` are not reached, and the out-of-scope
    metrics where the labels are not of both kinds.
    """
    evaluated = compute_metrics(predictions)
    metrics = {"accuracy": evaluated.accuracy, "macro_f1": evaluated.macro_f1}
    if evaluated.n >= MIN_ECE_MESSAGES:
        metrics["ece"] = evaluated.ece
    if evaluated.oos:
        metrics["oos_found_at_95_kept"] = evaluated.oos.found_at_95_kept
        metrics["oos_false_accept_rate"] = evaluated.oos.false_accept_rate
    return {name: round(value, 4) for name, value in metrics.items()}


def _write_stage(out: Path, stage: CalibratedStage) -> CascadeStage:
    fitted, calibration = stage.fitted, stage.calibration
    entry = CascadeStage(
        name=fitted.name,
        max_tokens=fitted.encoder.max_tokens,
        temperature=round(calibration.temperature, 4),
        min_margin=round(calibration.min_margin, 4),
        min_scope=round(calibration.min_scope, 4),
        blend=calibration.blend,
        typical_scope=calibration.scope.typical,
    )
    _write_graph(out / entry.graph, fitted.encoder.model)
    (out / entry.tokenizer).write_text(fitted.encoder.tokenizer, "utf-8")
    encoder = encoder_sha256(file_sha256(out / entry.graph), file_sha256(out / entry.tokenizer))
    head = fitted.head.divided_by(calibration.temperature)
    _write_graph(out / entry.head, head_graph(head, stage.scope, encoder))
    return entry


def _write_graph(file: Path, model: onnx.ModelProto) -> None:
    file.write_bytes(model.SerializeToString(deterministic=True))


def _delete_stale_files(out: Path, stale: Collection[str]) -> None:
    for suffix in ("*.onnx", "*.tokenizer.json"):
        for file in out.glob(suffix):
            if file.name in stale:
                file.unlink()
