"""Write a trained model as the artifact folder that the functions serve."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_capture.adapters.onnx.model_artifact import (
    MANIFEST_FILE,
    BaseModelInfo,
    CascadeStage,
    ModelManifest,
    file_sha256,
)
from training.calibrate import (
    CascadeCalibration,
    StageCalibration,
    confidence_thresholds,
    manifest_metrics,
)
from training.examples import Example, data_digest
from training.fingerprint import TrainingFingerprint
from training.outputs import attach_outputs
from training.scope import ScopeScorer
from training.stages import FittedStage


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
    fine-tuned on.
    """

    name: str
    base_model: BaseModelInfo
    examples: Sequence[Example]
    fingerprint: TrainingFingerprint


def write_artifact(
    out: Path,
    metadata: ArtifactMetadata,
    stages: Sequence[CalibratedStage],
    calibration: CascadeCalibration | None,
) -> ModelManifest:
    """Write graphs, tokenizers and the manifest to `out`, and delete files of an older model."""
    out.mkdir(parents=True, exist_ok=True)
    entries = tuple(_write_stage(out, stage) for stage in stages)
    names = [file for entry in entries for file in entry.files]
    _delete_stale_files(out, {*names, MANIFEST_FILE})
    names.append(metadata.fingerprint.write(out).name)
    files = {file: file_sha256(out / file) for file in names}
    digest = hashlib.sha256("".join(files.values()).encode()).hexdigest()
    manifest = ModelManifest(
        version=f"{metadata.name}-{digest[:8]}",
        labels=stages[-1].fitted.head.labels,
        stages=entries,
        files=files,
        training_examples=len(metadata.examples),
        training_data_sha256=data_digest(metadata.examples),
        metrics=manifest_metrics(calibration.predictions) if calibration else {},
        thresholds=confidence_thresholds(calibration.predictions) if calibration else None,
        clause_calibration=calibration.clause_calibration if calibration else None,
        base_model=metadata.base_model,
    )
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (out / MANIFEST_FILE).write_text(text + "\n", "utf-8")
    return manifest


def _write_stage(out: Path, stage: CalibratedStage) -> CascadeStage:
    fitted, calibration = stage.fitted, stage.calibration
    entry = CascadeStage(
        name=fitted.name,
        graph=f"{fitted.name}.onnx",
        tokenizer=f"{fitted.name}.tokenizer.json",
        max_tokens=fitted.encoder.max_tokens,
        temperature=round(calibration.temperature, 4),
        min_margin=round(calibration.min_margin, 4),
        min_scope=calibration.min_scope,
    )
    head = fitted.head.divided_by(calibration.temperature)
    graph = attach_outputs(fitted.encoder.model, head, stage.scope)
    (out / entry.graph).write_bytes(graph.SerializeToString(deterministic=True))
    (out / entry.tokenizer).write_text(fitted.encoder.tokenizer, "utf-8")
    return entry


def _delete_stale_files(out: Path, current: set[str]) -> None:
    for suffix in ("*.onnx", "*.tokenizer.json"):
        for file in out.glob(suffix):
            if file.name not in current:
                file.unlink()
