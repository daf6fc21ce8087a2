"""Sentences about a model, for `train` and `evaluate`."""

from collections.abc import Iterator

from prompt_capture.adapters.onnx.model_artifact import ModelManifest
from training.calibrate.thresholds import describe_target


def describe_thresholds(manifest: ModelManifest) -> Iterator[str]:
    """Yield which predictions need a review, where the model has thresholds that decide this."""
    thresholds = manifest.thresholds
    if thresholds is None or not thresholds.decide_review:
        return
    target = describe_target(thresholds)
    yield (
        "Predictions need a review below the confidence at which their intent reaches "
        f"{target} on held-out examples."
    )
    own, overall = thresholds.per_intent, thresholds.overall
    missed = [label for label in manifest.labels if label in own and own[label] is None]
    if missed:
        yield (
            f"No confidence reaches this for {', '.join(missed)}: all predictions of them need a "
            "review. Add examples, or choose a lower target."
        )
    if without := [label for label in manifest.labels if label not in own]:
        rule = (
            "All predictions of them need a review, since no confidence reaches this overall."
            if overall is None
            else f"The threshold of all predictions applies to them: {overall:g}."
        )
        yield f"Too few held-out examples for thresholds of their own: {', '.join(without)}. {rule}"
