"""The files of published models, and the publishing of further ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from prompt_capture.adapters.http_client import create_http_client
from prompt_capture.bootstrap.access import environment
from prompt_capture.bootstrap.registry import model_registry
from prompt_capture.domain.buckets import is_folder
from prompt_capture.ports.models import ModelObjects, PublishedFiles
from prompt_capture.settings.models import ModelBucketSettings, PublishingSettings

if TYPE_CHECKING:
    from prompt_capture.domain.model_folders import ModelFolder
    from prompt_capture.workflows.models.publish import PublishModel

FILE_TIMEOUT_SECONDS = 10.0
"""The time for each step of a request for a file of a model, when no user waits."""


def publishing_settings() -> PublishingSettings:
    """Return where models are published. Raise `InvalidSettings`."""
    return PublishingSettings.from_env(environment())


def publish_model() -> "PublishModel":
    """Wire the publishing of models. Raise `InvalidSettings`."""
    from prompt_capture.workflows.models.publish import PublishModel

    bucket = publishing_settings().models_bucket
    return PublishModel(model_objects(bucket), model_registry())


def published_models() -> PublishedFiles:
    """Connect to the published models as an operator does. Raise `InvalidSettings`."""
    bucket = publishing_settings().models_bucket
    if is_folder(bucket):
        from prompt_capture.adapters.local_models import open_published_folder

        return open_published_folder(Path(bucket))
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.s3_models import open_published_bucket

    return open_published_bucket(create_aws_client("s3"), bucket)


def model_objects(bucket: str) -> ModelObjects:
    """Connect to an S3 bucket, or to a folder on this machine."""
    if is_folder(bucket):
        from prompt_capture.adapters.local_models import LocalModelObjects

        return LocalModelObjects(Path(bucket))
    from prompt_capture.adapters.aws.client_settings import create_aws_client
    from prompt_capture.adapters.aws.s3_models import S3ModelObjects

    return S3ModelObjects(create_aws_client("s3"), bucket)


def model_folder(folder: Path) -> "ModelFolder":
    """Load, check and measure a model. Raise `InvalidArtifact`."""
    from prompt_capture.adapters.onnx.model_folder import read_model_folder

    return read_model_folder(folder)


def published_files() -> PublishedFiles:
    """Connect to the published models as a function does. Raise `InvalidSettings`."""
    from prompt_capture.adapters.aws.s3_published_files import S3PublishedFiles

    client = create_http_client(FILE_TIMEOUT_SECONDS)
    return S3PublishedFiles(client, ModelBucketSettings.from_env(environment()))
