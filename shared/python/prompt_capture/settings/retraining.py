"""The retraining."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from prompt_capture.domain.models import VersionName
from prompt_capture.settings.base import Settings
from prompt_capture.settings.values import Prefix


class RetrainingSettings(Settings):
    """The retraining.

    `retrain_topic` is the SNS topic of its notifications; without one, only the log has them.
    With `retrain_auto_promote`, a candidate whose verdict is `promote`, and rests on nobody alone,
    serves without a person. A daily run retrains from `retrain_min_new_labels` new labels on. Both
    models classify the texts of the last `retrain_days`, and `retrain_disagreements` of those that
    they classify differently go to review. `retrain_seeds` is the prefix of the examples that the
    assistant started with, and versions start with `retrain_name`. `model_dir` holds at least the
    manifest of the packaged model.
    """

    model_dir: Path
    retrain_topic: str | None = None
    retrain_auto_promote: bool = False
    retrain_min_new_labels: Annotated[int, Field(gt=0)] = 200
    retrain_days: Annotated[int, Field(gt=0, le=3650)] = 30
    retrain_disagreements: Annotated[int, Field(gt=0, le=1000)] = 250
    retrain_seeds: Prefix = "seeds"
    retrain_name: VersionName = "assistant"
