"""The check `models`: the registry responds, and the models that serve can be read and load."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError
from pydantic import ValidationError

from cli.checks.interface import (
    CheckResult,
    Deployment,
    ok,
    require_bucket,
    skipped,
    wrong,
)
from cli.checks.keys import usable_key_or_none
from prompt_capture.adapters.onnx.classifier import OnnxClassifier
from prompt_capture.adapters.onnx.model_artifact import (
    MANIFEST_FILE,
    ModelArtifact,
    ModelManifest,
)
from prompt_capture.adapters.supabase.access import RoleTokenSigner
from prompt_capture.adapters.supabase.keys import PUBLISHABLE, SIGNING
from prompt_capture.adapters.supabase.model_registry import serving_models
from prompt_capture.bootstrap.access import REGISTRAR_ROLE
from prompt_capture.domain.errors import InvalidArtifact, StoreUnavailable
from prompt_capture.domain.models import ModelAddress, blob_key, manifest_key
from prompt_capture.domain.splits import ServingModels

_ABSENT = frozenset({"404", "NoSuchKey", "NoSuchVersion"})
_ROLL_BACK = (
    "`prompt-capture models rollback --reason ...`: until then the packaged model serves. Then "
    "publish the model again."
)
_STOP_SPLIT = (
    "`prompt-capture models split stop --reason ...`: until then the champion answers its users. "
    "Then publish the model again."
)


class _UnusableModel(Exception):
    """The model cannot serve. The message says why."""


def models(deployment: Deployment) -> Iterator[CheckResult]:
    """Ask the registry which models serve, and load them as classify-and-log does."""
    result = _registry(deployment)
    if isinstance(result, CheckResult):
        yield result
        return
    yield ok("registry", "responds")
    if result.champion is None:
        yield ok("champion", "is the packaged model")
    else:
        yield _check_model(deployment, "champion", result.champion, _ROLL_BACK)
    if result.split is not None:
        yield _check_model(deployment, "challenger", result.split.challenger, _STOP_SPLIT)


def _check_model(
    deployment: Deployment, name: str, address: ModelAddress, remedy: str
) -> CheckResult:
    """Download and load one of the models that serve."""
    bucket = require_bucket(deployment.settings.models_bucket, "MODELS_BUCKET")
    try:
        with tempfile.TemporaryDirectory() as folder:
            _load(deployment.client("s3"), bucket, address, Path(folder))
    except _UnusableModel as error:
        return wrong(name, f"{address.version} cannot serve: {error}", remedy)
    return ok(name, f"is {address.version}, and loads")


def _registry(deployment: Deployment) -> ServingModels | CheckResult:
    """Return which models serve, or what is wrong with the registry."""
    signing_key = usable_key_or_none(deployment, SIGNING)
    publishable = usable_key_or_none(deployment, PUBLISHABLE)
    if signing_key is None or publishable is None:
        return skipped("registry", f"needs {SIGNING} and {PUBLISHABLE}", "See `keys`.")
    signer = RoleTokenSigner(signing_key, REGISTRAR_ROLE, f"{deployment.supabase_url}/auth/v1")
    headers = {"apikey": publishable, "Authorization": f"Bearer {signer.token()}"}
    response = deployment.http.post(f"{deployment.rest_url}/rpc/serving_model", headers=headers)
    if not response.is_success:
        return wrong(
            "registry",
            f"does not say which model serves (HTTP {response.status_code})",
            "`supabase db push`, and see `accepted keys`.",
        )
    try:
        return serving_models(response.json())
    except (ValueError, StoreUnavailable):
        return wrong("registry", "does not answer like this database", "`supabase db push`")


def _load(client: Any, bucket: str, address: ModelAddress, folder: Path) -> None:
    """Download a model by its exact keys and load it. Raise `_UnusableModel`."""
    content = _download(client, bucket, manifest_key(address.version), address.object_version)
    if hashlib.sha256(content).hexdigest() != address.manifest_sha256:
        raise _UnusableModel("its manifest is not the registered one")
    (folder / MANIFEST_FILE).write_bytes(content)
    try:
        manifest = ModelManifest.model_validate_json(content)
        for name in manifest.served_files:
            file = manifest.files[name]
            size = _size(client, bucket, blob_key(file.sha256))
            if size != file.bytes:
                raise _UnusableModel(f"{name} has {size:,} bytes instead of {file.bytes:,}")
            (folder / name).write_bytes(_download(client, bucket, blob_key(file.sha256)))
        OnnxClassifier(ModelArtifact.load(folder))
    except ValidationError:
        raise _UnusableModel("its manifest is not valid for this version") from None
    except InvalidArtifact as error:
        raise _UnusableModel(str(error).replace(f"{folder}/", "")) from None


@contextmanager
def _reading(key: str) -> Iterator[None]:
    """Report an object that is missing."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            raise _UnusableModel(f"{key} is missing") from None
        raise


def _size(client: Any, bucket: str, key: str) -> int:
    with _reading(key):
        size: int = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
    return size


def _download(client: Any, bucket: str, key: str, version: str | None = None) -> bytes:
    options = {"VersionId": version} if version else {}
    with _reading(key):
        content: bytes = client.get_object(Bucket=bucket, Key=key, **options)["Body"].read()
    return content
