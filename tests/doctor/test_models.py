"""The check of registry, bucket, champion and challenger."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from infra.local.model_variants import write_variant
from infra.local.stack import Stack
from infra.packaging.paths import MODELS
from prompt_capture.adapters.aws.s3_datasets import S3DatasetStore
from prompt_capture.domain.models import blob_key, manifest_key
from tests.database_reset import DELETE_ALL_ROWS
from tests.doctor.conftest import Environment, RunCheck, problems, states
from tests.doctor.http_stub import http_stub

COMMAND = str(Path(sys.executable).with_name("prompt-capture"))
MODEL = MODELS / "assistant"
MANIFEST = json.loads((MODEL / "manifest.json").read_text("utf-8"))
VERSION = MANIFEST["version"]
HEAD = MANIFEST["files"]["student.head.onnx"]["sha256"]


@pytest.fixture
def champion(settings: Environment, warm_stack: Stack) -> Iterator[S3DatasetStore]:
    """The shipped model, published and promoted; yields the bucket."""
    options = ("--promote", "--force", "--operator", "ada", "--reason", "a test")
    published = subprocess.run(
        [COMMAND, "models", "publish", MODEL, *options],
        env={"PATH": "/usr/bin:/bin", **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert published.returncode == 0, published.stderr
    bucket = S3DatasetStore(warm_stack.s3_client(), warm_stack.bucket)
    yield bucket
    for key in (manifest_key(VERSION), *(blob_key(hash_) for hash_ in _hashes())):
        with suppress(FileNotFoundError):
            bucket.delete(key)
    with psycopg.connect(warm_stack.postgres_admin_dsn) as admin:
        admin.execute(DELETE_ALL_ROWS)


@pytest.fixture
def challenger(settings: Environment, champion: S3DatasetStore, tmp_path: Path) -> str:
    """The version of a copy of the shipped model that answers a share of the users."""
    version = "challenger-00000001"
    folder = str(write_variant(tmp_path / "challenger", version))
    for arguments in (("publish", folder), ("split", version, "--share", "0.5")):
        done = subprocess.run(
            [COMMAND, "models", *arguments, "--operator", "ada", "--reason", "a test"],
            env={"PATH": "/usr/bin:/bin", **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return version


def _hashes() -> list[str]:
    return [file["sha256"] for file in MANIFEST["files"].values()]


def replace(bucket: S3DatasetStore, key: str, content: bytes) -> None:
    bucket.delete(key)
    with bucket.create(key, "application/octet-stream") as file:
        file.write(content)


def test_without_a_champion_the_packaged_model_serves(
    run_check: RunCheck, settings: Environment
) -> None:
    results = run_check("models", settings)

    assert states(results) == {"registry": "ok", "champion": "ok"}
    assert results[-1].message == "is the packaged model"


def test_a_champion_that_loads_is_ok(
    run_check: RunCheck, settings: Environment, champion: S3DatasetStore
) -> None:
    results = run_check("models", settings)

    assert states(results) == {"registry": "ok", "champion": "ok"}
    assert results[-1].message == f"is {VERSION}, and loads"


def test_a_challenger_that_loads_is_ok(
    run_check: RunCheck, settings: Environment, challenger: str
) -> None:
    results = run_check("models", settings)

    assert states(results) == {"registry": "ok", "champion": "ok", "challenger": "ok"}
    assert results[-1].message == f"is {challenger}, and loads"


def test_a_missing_object_of_the_challenger_is_wrong(
    run_check: RunCheck, settings: Environment, champion: S3DatasetStore, challenger: str
) -> None:
    champion.delete(manifest_key(challenger))

    reported = problems(run_check("models", settings))

    missing = f"{manifest_key(challenger)} is missing"
    assert reported == {"challenger": f"{challenger} cannot serve: {missing}"}


@pytest.mark.parametrize("key", [manifest_key(VERSION), blob_key(HEAD)])
def test_a_missing_object_of_the_champion_is_wrong(
    run_check: RunCheck, settings: Environment, champion: S3DatasetStore, key: str
) -> None:
    champion.delete(key)

    reported = problems(run_check("models", settings))

    assert reported == {"champion": f"{VERSION} cannot serve: {key} is missing"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda content: content[:-1], "bytes instead of"),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "does not match its SHA-256"),
    ],
)
def test_a_damaged_file_of_the_champion_is_wrong(
    run_check: RunCheck,
    settings: Environment,
    champion: S3DatasetStore,
    change: object,
    problem: str,
) -> None:
    assert callable(change)
    replace(champion, blob_key(HEAD), change((MODEL / "student.head.onnx").read_bytes()))

    [message] = problems(run_check("models", settings)).values()

    assert "student.head.onnx" in message
    assert problem in message


def test_a_manifest_that_is_not_the_registered_one_is_wrong(
    run_check: RunCheck,
    settings: Environment,
    champion: S3DatasetStore,
    warm_stack: Stack,
) -> None:
    with psycopg.connect(warm_stack.postgres_admin_dsn) as admin:
        admin.execute("set session_replication_role = replica")
        admin.execute(
            "update private.champion set address = "
            "jsonb_set(address, '{manifest_sha256}', to_jsonb(repeat('0', 64)))"
        )

    [message] = problems(run_check("models", settings)).values()

    assert message.endswith("its manifest is not the registered one")


def test_a_registry_that_is_missing_is_wrong(run_check: RunCheck, settings: Environment) -> None:
    with http_stub(404, {"code": "PGRST202"}) as url:
        reported = problems(run_check("models", settings | {"SUPABASE_URL": url}))

    assert reported == {"registry": "does not say which model serves (HTTP 404)"}


@pytest.mark.parametrize("setting", ["SUPABASE_SIGNING_KEY", "SUPABASE_PUBLISHABLE_KEY"])
def test_a_registry_without_its_key_is_skipped(
    run_check: RunCheck, settings: Environment, setting: str
) -> None:
    settings.pop(setting)

    assert states(run_check("models", settings)) == {"registry": "skipped"}


def test_a_champion_without_a_bucket_is_skipped(
    run_check: RunCheck, settings: Environment, champion: S3DatasetStore
) -> None:
    settings.pop("MODELS_BUCKET")

    assert states(run_check("models", settings)) == {"registry": "ok", "MODELS_BUCKET": "skipped"}
