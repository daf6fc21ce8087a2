"""Write a trained model as the folder that the functions serve."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prompt_capture.adapters.model_artifact import (
    MANIFEST_FILE,
    BaseModelNotice,
    Manifest,
    Stage,
    sha256_of,
)
from training.calibrate import Calibrated, StageCalibration, metrics, thresholds
from training.examples import Example, data_digest
from training.fingerprint import TrainingFingerprint
from training.outputs import attach_outputs
from training.scope import Scope
from training.stages import FittedStage


@dataclass(frozen=True)
class CalibratedStage:
    """A fitted stage, and what was measured to make its answers honest."""

    fitted: FittedStage
    calibration: StageCalibration
    scope: Scope


@dataclass(frozen=True)
class Facts:
    """What an artifact says of itself: what its version starts with, and what it was made from."""

    name: str
    notice: BaseModelNotice
    examples: Sequence[Example]
    seen: TrainingFingerprint


def write_artifact(
    out: Path,
    facts: Facts,
    stages: Sequence[CalibratedStage],
    calibrated: Calibrated | None,
) -> Manifest:
    """Write graphs, tokenizers and the manifest to `out`, and remove what an older model left."""
    out.mkdir(parents=True, exist_ok=True)
    described = tuple(_write_stage(out, stage) for stage in stages)
    names = [file for stage in described for file in stage.files]
    _remove_others(out, {*names, MANIFEST_FILE})
    names.append(facts.seen.write(out).name)
    files = {file: sha256_of(out / file) for file in names}
    digest = hashlib.sha256("".join(files.values()).encode()).hexdigest()
    manifest = Manifest(
        version=f"{facts.name}-{digest[:8]}",
        labels=stages[-1].fitted.head.labels,
        stages=described,
        files=files,
        training_examples=len(facts.examples),
        training_data_sha256=data_digest(facts.examples),
        metrics=metrics(calibrated.predictions) if calibrated else {},
        thresholds=thresholds(calibrated.predictions) if calibrated else None,
        clauses=calibrated.clauses if calibrated else None,
        base_model=facts.notice,
    )
    text = json.dumps(manifest.model_dump(mode="json"), indent=2, ensure_ascii=False)
    (out / MANIFEST_FILE).write_text(text + "\n", "utf-8")
    return manifest


def _write_stage(out: Path, stage: CalibratedStage) -> Stage:
    fitted, calibration = stage.fitted, stage.calibration
    described = Stage(
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
    (out / described.graph).write_bytes(graph.SerializeToString(deterministic=True))
    (out / described.tokenizer).write_text(fitted.encoder.tokenizer, "utf-8")
    return described


def _remove_others(out: Path, kept: set[str]) -> None:
    for suffix in ("*.onnx", "*.tokenizer.json"):
        for file in out.glob(suffix):
            if file.name not in kept:
                file.unlink()
