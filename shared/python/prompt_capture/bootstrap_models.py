"""The part of the composition root that creates the models which answer."""

import asyncio
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.domain.errors import ModelFilesUnavailable
from prompt_capture.domain.models import ModelAddress
from prompt_capture.domain.redaction import redact
from prompt_capture.domain.review_criteria import ReviewCriteria
from prompt_capture.domain.rules import RuleSet
from prompt_capture.ports.models import ChampionSource
from prompt_capture.settings import ClassifierSettings, ModelBucketSettings
from prompt_capture.workflows.detect_intent import IntentDetector
from prompt_capture.workflows.serve_model import Change, ModelSwitch, ServedModel

if TYPE_CHECKING:
    from prompt_capture.adapters.onnx.model_artifact import ModelArtifact, ModelManifest

LAYERS = Path("/opt")
"""Where Lambda mounts layers, read-only. `make package` has checked the artifacts in them."""

DOWNLOAD_TIMEOUT_SECONDS = 2.0
"""The time for each step of a request to the bucket: to connect, or to receive the next part."""

_WARM_UP_MESSAGE = "Call 0 when ready, and move the rest."
"""A message to warm up the model and the redaction with."""

Fetched = tuple[ModelAddress, "ModelArtifact"]


def model_artifact(settings: ClassifierSettings) -> "ModelArtifact":
    """Load the manifest of the packaged model. Raise `InvalidArtifact`."""
    from prompt_capture.adapters.onnx.model_artifact import ModelArtifact

    is_packaged = settings.model_dir.is_relative_to(LAYERS)
    return ModelArtifact.load(settings.model_dir, is_packaged)


def intent_detector(settings: ClassifierSettings, artifact: "ModelArtifact") -> IntentDetector:
    """Load the model and the rules. Raise `InvalidArtifact` or `InvalidRules`."""
    from prompt_capture.adapters.onnx.classifier import OnnxClassifier

    rules = RuleSet.load(settings.rules_file) if settings.rules_file else None
    return IntentDetector(OnnxClassifier(artifact), rules, settings.secondary_intent_threshold)


def review_criteria(settings: ClassifierSettings, manifest: "ModelManifest") -> ReviewCriteria:
    """Return which predictions of a model need a review."""
    thresholds = manifest.thresholds
    if thresholds is None or not thresholds.decide_review:
        return ReviewCriteria(settings.review_threshold)
    return ReviewCriteria(settings.review_threshold, thresholds.of)


def open_model(settings: ClassifierSettings, artifact: "ModelArtifact") -> ServedModel:
    """Load a model, and warm it up. Raise `InvalidArtifact` or `InvalidRules`."""
    detector = intent_detector(settings, artifact)
    detector.detect(redact(_WARM_UP_MESSAGE))
    return ServedModel(detector, review_criteria(settings, artifact.manifest))


async def refuse_to_load(_: ModelAddress) -> ServedModel:
    """Stand for the loading of a champion in a deployment without published models."""
    raise ModelFilesUnavailable("MODELS_BUCKET is not set.")


class RegisteredModels:
    """Loads the champion, at the start of an instance and whenever another model is promoted.

    A thread of its own begins to read the champion from the source that `champions` creates. It
    needs `packaged` for the files, which the thread that starts the instance sets meanwhile.
    """

    def __init__(
        self,
        settings: ClassifierSettings,
        bucket: ModelBucketSettings,
        champions: Callable[[], ChampionSource],
    ) -> None:
        self.packaged: Future[ModelArtifact] = Future()
        self._settings, self._bucket = settings, bucket
        self._champions = champions
        self._folder = Path(tempfile.gettempdir()) / "published-models"
        self._prefetched: Future[Fetched | None] = Future()
        threading.Thread(target=self._prefetch, name="champion", daemon=True).start()

    def create_switch(
        self, packaged: ServedModel, seconds: float, record_change: Callable[[Change], None]
    ) -> ModelSwitch:
        """Return a switch that serves the champion, if that arrives within `seconds`."""
        switch = ModelSwitch(packaged, self._load, record_change)
        try:
            fetched = self._prefetched.result(seconds)
            if fetched:
                address, artifact = fetched
                switch.switch(address, open_model(self._settings, artifact))
        except Exception as error:  # noqa: BLE001 - the packaged model answers whatever happens
            switch.report_failure(error)
        return switch

    def _prefetch(self) -> None:
        try:
            self._prefetched.set_result(asyncio.run(self._fetch_champion()))
        except BaseException as error:  # noqa: BLE001 - the waiting thread raises it
            self._prefetched.set_exception(error)

    async def _fetch_champion(self) -> Fetched | None:
        champion = await self._champions().champion()
        return (champion, await self._fetch(champion)) if champion else None

    async def _fetch(self, champion: ModelAddress) -> "ModelArtifact":
        from prompt_capture.adapters.aws.s3_published_files import S3PublishedFiles
        from prompt_capture.adapters.onnx.published_artifact import fetch_artifact

        async with create_http_client(DOWNLOAD_TIMEOUT_SECONDS) as client:
            files = S3PublishedFiles(client, self._bucket)
            return await fetch_artifact(champion, files, self.packaged.result(), self._folder)

    async def _load(self, champion: ModelAddress) -> ServedModel:
        return open_model(self._settings, await self._fetch(champion))
