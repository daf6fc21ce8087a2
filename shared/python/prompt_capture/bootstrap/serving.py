"""The registered models which serve, read while the function classify-and-log starts.

The handler imports it first and calls `begin_reading`: a thread reads which model is the champion,
and downloads its files, while the handler imports everything else. So this module imports at once
all that the thread needs, since two threads that import the same packages can be in each other's
way, and nothing more.
"""

import asyncio
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path

from prompt_capture.adapters.aws.s3_published_files import S3PublishedFiles
from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.adapters.onnx.model_artifact import ModelArtifact
from prompt_capture.adapters.onnx.published_artifact import fetch_artifact
from prompt_capture.adapters.supabase.model_registry import SupabaseServing
from prompt_capture.bootstrap.access import WRITER_ROLE, environment, store_client
from prompt_capture.bootstrap.models import model_artifact, open_model
from prompt_capture.domain.errors import PromptCaptureError
from prompt_capture.domain.models import ModelAddress
from prompt_capture.domain.splits import ServingModels
from prompt_capture.settings.classification import ClassifierSettings
from prompt_capture.settings.models import ModelBucketSettings, ModelSettings
from prompt_capture.settings.supabase import SupabaseSettings
from prompt_capture.workflows.serve_model import Change, ModelSwitch, ServedModel

DOWNLOAD_TIMEOUT_SECONDS = 2.0
"""The time for each step of a request to the bucket: to connect, or to receive the next part."""

Fetched = tuple[ServingModels, ModelArtifact | None]


class RegisteredModels:
    """Reads the models that serve, from its creation on, in a thread of its own.

    `packaged` becomes the packaged model's artifact, whose files are not downloaded again.
    """

    def __init__(self) -> None:
        self.packaged: Future[ModelArtifact] = Future()
        self._folder = Path(tempfile.gettempdir()) / "published-models"
        self._fetched: Future[Fetched] = Future()
        threading.Thread(target=self._read, name="champion", daemon=True).start()

    def create_switch(
        self, settings: ClassifierSettings, record_change: Callable[[Change], None]
    ) -> ModelSwitch:
        """Return a switch. The packaged model is loaded now, unless the champion has arrived.

        Raise `InvalidArtifact` or `InvalidRules`.
        """
        packaged = partial(open_model, settings, self.packaged.result())
        switch = ModelSwitch(packaged, partial(self._load, settings), record_change)
        if not self._fetched.done():
            _ = switch.current
        return switch

    def start(self, switch: ModelSwitch, settings: ClassifierSettings, seconds: float) -> None:
        """Let a switch serve the champion, if that arrives within `seconds`."""
        try:
            serving, champion = self._fetched.result(seconds)
            switch.start(serving, open_model(settings, champion) if champion else None)
        except Exception as error:  # noqa: BLE001 - the packaged model answers whatever happens
            switch.report_failure(error)

    def _read(self) -> None:
        try:
            self.packaged.set_result(model_artifact(ClassifierSettings.from_env(environment())))
        except BaseException as error:  # noqa: BLE001 - the waiting thread raises it
            self.packaged.set_exception(error)
        try:
            self._fetched.set_result(asyncio.run(self._fetch_serving()))
        except BaseException as error:  # noqa: BLE001 - the waiting thread raises it
            self._fetched.set_exception(error)

    async def _fetch_serving(self) -> Fetched:
        settings = SupabaseSettings.from_env(environment())
        client = store_client(settings, WRITER_ROLE, settings.store_timeout_seconds)
        serving = await SupabaseServing(client, settings.rest_url).serving()
        champion = serving.champion
        return serving, await self._fetch(champion) if champion else None

    async def _fetch(self, address: ModelAddress) -> ModelArtifact:
        bucket = ModelBucketSettings.from_env(environment())
        async with create_http_client(DOWNLOAD_TIMEOUT_SECONDS) as client:
            files = S3PublishedFiles(client, bucket)
            return await fetch_artifact(address, files, self.packaged.result(), self._folder)

    async def _load(self, settings: ClassifierSettings, address: ModelAddress) -> ServedModel:
        return open_model(settings, await self._fetch(address))


def begin_reading() -> RegisteredModels | None:
    """Begin to read the models that serve. Return None without MODELS_BUCKET.

    Return None too where the settings cannot be read, which is reported when they are used.
    """
    with suppress(PromptCaptureError):
        if ModelSettings.from_env(environment()).models_bucket is not None:
            return RegisteredModels()
    return None
