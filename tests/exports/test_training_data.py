"""`train` and `evaluate` read datasets as the export writes them, in a folder and in S3."""

import asyncio
import gzip
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner

from cli import labelled_data
from cli.backtest import read_gold_ids
from cli.main import app
from cli.sources import local_sources
from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.bootstrap import exports
from prompt_capture.domain.changes import Correction
from prompt_capture.domain.datasets.manifest import Manifest
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.workflows.exports.export import ExportDataset
from tests.exports.test_audited import ExportScenario, dissimilar_texts
from training.config import NoProgress
from training.data.examples import Example, InvalidExamples
from training.data.formats import read_as
from training.data.reading import read_examples, read_sources
from training.data.remarks import Remarks
from training.data.sources import DataSource

BUCKET = "datasets"


@pytest.fixture
def scenario(tmp_path: Path) -> ExportScenario:
    return ExportScenario(tmp_path / "out")


async def _label(scenario: ExportScenario, split: str, count: int, intent: str = "status") -> None:
    texts = dissimilar_texts(split)
    for _ in range(count):
        await scenario.log_labelled(next(texts), intent)


def _run_folder(scenario: ExportScenario, manifest: Manifest) -> Path:
    """Return the folder that contains the objects of a dataset with splits."""
    return (scenario.folder / manifest.objects[0].key).parent.parent


def _train(*sources: str | Path) -> list[Example]:
    """Return the examples that `train` learns from."""
    with local_sources([str(source) for source in sources], NoProgress()) as found:
        return labelled_data.read_training_data(found, [], NoProgress()).examples


def _evaluate(*sources: str | Path) -> list[Example]:
    """Return the examples that `evaluate` measures a model on."""
    with local_sources([str(source) for source in sources], NoProgress()) as found:
        return labelled_data.read_test_examples(found, NoProgress())


async def test_an_audited_dataset_is_read_from_every_folder_above_it_and_by_its_manifest(
    scenario: ExportScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_capture.workflows.exports.writer.LINES_PER_PART", 2)
    await _label(scenario, "train", 5)
    lines, manifest = await scenario.export()
    (file,) = scenario.folder.rglob("*.manifest")
    assert len(manifest.objects) > 3

    run_folder = _run_folder(scenario, manifest)
    sources = (scenario.folder, file.parent, run_folder, run_folder / "split=train", file)

    for source in sources:
        assert sorted(e.text for e in _train(source)) == sorted(line["text"] for line in lines)


async def test_the_record_of_training_names_the_manifest_and_the_tiers(
    scenario: ExportScenario,
) -> None:
    await _label(scenario, "train", 4)
    await _label(scenario, "dev", 3)
    await scenario.export()
    (file,) = scenario.folder.rglob("*.manifest")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()

    for source in (scenario.folder, file):
        with local_sources([str(source)], NoProgress()) as found:
            (dataset,) = labelled_data.read_training_data(found, [], NoProgress()).datasets

        assert dataset.source == str(file)
        assert dataset.manifest_sha256 == sha256
        assert dataset.examples_by_tier == {"person": 7}


async def test_training_takes_the_split_train_and_evaluation_the_others(
    scenario: ExportScenario,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("training.data.dev_splits.MIN_LABELS_FOR_DEV", 5)
    await _label(scenario, "train", 4)
    await _label(scenario, "dev", 3)
    await _label(scenario, "gold", 2)
    await scenario.export()

    assert {example.split for example in _train(scenario.folder)} == {"train"}
    errors = capsys.readouterr().err
    assert "7 texts; labels from the field label (dataset audited)." in errors
    assert "3 texts are left out: their split is dev." in errors
    assert len(_evaluate(scenario.folder)) == 3


async def test_a_folder_of_one_split_is_read_alone(scenario: ExportScenario) -> None:
    await _label(scenario, "train", 4)
    await _label(scenario, "dev", 3)
    _, manifest = await scenario.export()

    assert len(_evaluate(_run_folder(scenario, manifest) / "split=dev")) == 3
    with pytest.raises(InvalidExamples, match="3 of the split dev"):
        _train(_run_folder(scenario, manifest) / "split=dev")


async def test_an_exported_dataset_is_converted_with_its_splits_however_small_it_is(
    scenario: ExportScenario, tmp_path: Path
) -> None:
    await _label(scenario, "train", 2)
    await _label(scenario, "dev", 1)
    await scenario.export()
    target = tmp_path / "data.csv"

    command = ["convert", str(scenario.folder), str(target), "--from", "jsonl", "--to", "csv"]
    result = CliRunner().invoke(app, command)

    assert "Wrote 3 texts" in result.stderr
    assert sorted(str(example.split) for example in read_as("csv", target)) == [
        "dev", "train", "train",
    ]  # fmt: skip


async def test_a_gold_dataset_is_for_evaluation_only(scenario: ExportScenario) -> None:
    await _label(scenario, "gold", 2)
    await scenario.export(mode="gold")

    assert len(_evaluate(scenario.folder)) == 2
    with pytest.raises(InvalidExamples, match=r"no examples of the split train.*2 of the split go"):
        _train(scenario.folder)


async def test_a_dataset_of_the_policy_confidence_is_read(scenario: ExportScenario) -> None:
    await scenario.log("one", confidence=0.99)
    await scenario.log_labelled("two", "reminder")
    await scenario.export(policy="confidence")

    (file,) = scenario.folder.rglob("*.jsonl")
    for source in (scenario.folder, file):
        read = _train(source)
        assert sorted((e.text, e.label, e.corrected) for e in read) == [
            ("one", "status", False), ("two", "reminder", True),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "split"),
    [({"policy": "confidence"}, "train"), ({}, "train"), ({"mode": "gold"}, "gold"),
     ({"mode": "labelled"}, "train")],
)  # fmt: skip
async def test_training_learns_the_secondary_intents_that_reviewers_stated(
    scenario: ExportScenario, fields: dict[str, Any], split: str
) -> None:
    texts = dissimilar_texts(split)
    both, one, silent, unreviewed = (next(texts) for _ in range(4))
    await scenario.log_labelled(both, "reminder", "status", "email")
    await scenario.log_labelled(one, "reminder", is_stated=True)
    await scenario.log_labelled(silent, "reminder")
    await scenario.log(unreviewed, confidence=0.99)

    lines, _ = await scenario.export(**fields)

    stated = {line["text"]: line["secondary"] for line in lines if "secondary" in line}
    assert stated == {both: ["status", "email"], one: []}
    read = {example.text: example.intents for example in read_examples([scenario.folder])}
    assert read[both] == {"reminder", "status", "email"}
    assert read[one] == read[silent] == {"reminder"}


@pytest.mark.parametrize("review_format", ["json", "csv", "label-studio"])
async def test_decisions_in_a_review_dataset_are_labels(
    scenario: ExportScenario, review_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("=1+1 what", "two"):
        await scenario.log(text, confidence=0.1)
    export = ExportDataset(scenario.source, LocalDatasetStore(scenario.folder))
    await export(ExportRequest.from_event({"mode": "review", "format": review_format}))
    (file,) = (file for file in scenario.folder.rglob("review-*") if file.suffix != ".manifest")

    with pytest.raises(InvalidExamples, match="no examples"):
        _train(scenario.folder)
    file.write_text(_decide_first(file.read_text("utf-8-sig"), review_format))

    for source in (file, scenario.folder):
        (example,) = _train(source)
        assert (example.text, example.label, example.corrected) == ("=1+1 what", "reminder", True)
        assert example.secondary == ("email", "status")
    errors = capsys.readouterr().err
    assert "1 text; labels from the field corrected_intent." in errors
    assert "1 text; labels from the field corrected_intent (dataset review)." in errors
    assert "1 left out: entries without a decision" in errors


def _decide_first(content: str, review_format: str) -> str:
    if review_format == "csv":
        header, first, *rest = content.splitlines()
        assert first.endswith(",,,")
        return "\n".join([header, f'{first[:-3]},reminder,"email, status",', *rest])
    entries: list[dict[str, Any]] = json.loads(content)
    if review_format == "json":
        entries[0] |= {
            "corrected_intent": "reminder",
            "corrected_secondary_intents": ["email", "status"],
        }
    else:
        choices = {"intent": ["reminder"], "secondary": ["email", "status"]}
        entries[0]["annotations"] = [
            {
                "result": [
                    {"from_name": control, "type": "choices", "value": {"choices": chosen}}
                    for control, chosen in choices.items()
                ]
            }
        ]
    return json.dumps(entries)


async def test_later_changes_of_a_series_are_applied(scenario: ExportScenario) -> None:
    texts = dissimilar_texts("train")
    kept, disputed, changed = next(texts), next(texts), next(texts)
    await scenario.log_labelled(kept, "status")
    prompt = await scenario.log_labelled(disputed, "status")
    await scenario.log_labelled(changed, "status")
    await scenario.export(since_last=True)
    other = Correction(corrected_intent="reminder", corrected_by="alan")
    await scenario.store.add_prompt_correction(prompt.id, other)
    await scenario.log_labelled(changed, "reminder")
    await scenario.log_labelled(added := next(texts), "status")
    await scenario.export(since_last=True)

    labels = {example.text: example.label for example in _train(scenario.folder)}

    assert labels == {kept: "status", changed: "reminder", added: "status"}


async def test_a_later_dataset_of_everything_replaces_earlier_ones_and_says_so(
    scenario: ExportScenario, capsys: pytest.CaptureFixture[str]
) -> None:
    await _label(scenario, "train", 1)
    await scenario.export()
    await _label(scenario, "train", 3)
    await scenario.export()

    assert len(_train(scenario.folder)) == 3
    assert "1 left out: datasets that a later one replaces." in capsys.readouterr().err


async def test_a_dataset_of_another_bucket_is_named_where_a_later_one_replaces_it(
    scenario: ExportScenario, capsys: pytest.CaptureFixture[str]
) -> None:
    await _label(scenario, "train", 1)
    await scenario.export()
    (first,) = scenario.folder.rglob("*.manifest")
    other = json.loads(first.read_text()) | {"bucket": "production"}
    first.write_text(json.dumps(other))
    await scenario.export()

    _train(scenario.folder)

    assert (
        f"{first}: 1 left out: datasets that a later one replaces although it is of another bucket "
        "or folder (name both manifests to read both)."
    ) in capsys.readouterr().err


async def test_a_manifest_that_cannot_be_read_is_refused_with_the_remedy(
    scenario: ExportScenario,
) -> None:
    await _label(scenario, "train", 1)
    await scenario.export()
    (manifest,) = scenario.folder.rglob("*.manifest")
    manifest.write_bytes(manifest.read_bytes()[:-20])

    for source in (manifest, scenario.folder):
        with pytest.raises(InvalidExamples, match="export the dataset again, and move this file"):
            read_examples([source])


def test_changes_in_a_folder_without_the_dataset_before_them_are_named_by_the_export(
    scenario: ExportScenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "export_source", lambda: scenario.source)
    asyncio.run(_label(scenario, "train", 1))
    warning = "the folder does not have that one"

    def export(folder: str, *options: str, mode: str = "retraining") -> str:
        arguments = ["export", "--mode", mode, "--out", str(tmp_path / folder), *options]
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "500"})
        assert result.exit_code == 0, result.output
        return result.stderr

    assert warning not in export("first", "--since-last")
    assert warning not in export("first", "--since-last")
    assert warning in export("second", "--since-last")
    assert warning not in export("second")
    assert warning not in export("second", "--since-last", mode="review")
    shutil.rmtree(tmp_path / "first")
    assert warning in export("first", "--since-last")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "exports").symlink_to(tmp_path / "first" / "exports")
    assert warning not in export("linked", "--since-last")


async def test_changes_without_the_dataset_before_them_are_remarked(
    scenario: ExportScenario, capsys: pytest.CaptureFixture[str]
) -> None:
    await _label(scenario, "train", 1)
    await scenario.export(since_last=True)
    (first,) = scenario.folder.rglob("*.manifest")
    await _label(scenario, "train", 3)
    await scenario.export(since_last=True)
    first.unlink()

    _train(scenario.folder)

    assert "changes without the dataset before them" in capsys.readouterr().err


async def test_datasets_of_a_series_that_are_named_one_by_one_are_remarked(
    scenario: ExportScenario, capsys: pytest.CaptureFixture[str]
) -> None:
    await _label(scenario, "train", 1)
    await scenario.export(since_last=True)
    await _label(scenario, "train", 3)
    await scenario.export(since_last=True)
    first, last = sorted(scenario.folder.rglob("*.manifest"))
    note = "of one series are named one by one, so that what later ones remove stays"

    for sources in ([first, last], [last, first]):
        _train(*sources)
        remark = f"{sources[1]}: 1 noted: datasets {note} (name the folder of all)."
        assert remark in capsys.readouterr().err

    for others in ([scenario.folder], [last], [last, last]):
        _train(*others)
        assert note not in capsys.readouterr().err


async def test_the_datasets_of_the_bucket_do_not_continue_a_copy_in_a_folder(
    scenario: ExportScenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "export_source", lambda: scenario.source)
    request = {"mode": "retraining", "policy": "confidence", "floor": 0}
    copied = ExportRequest.from_event(request | {"since_last": True})
    texts = [text for text, _ in zip(dissimilar_texts("train"), range(3), strict=False)]
    added: list[set[str]] = []

    for text in texts:
        await scenario.log_labelled(text, "status")
        if text == texts[1]:
            copy = await exports.export_to_folder(tmp_path / "copy")(copied)
        else:
            lines, _ = await scenario.export(**request, since_last=True)
            added.append({line["text"] for line in lines})

    assert copy.rows == 2
    assert added == [{texts[0]}, {texts[1], texts[2]}]


def _gold_ids(source: Path) -> list[str]:
    with local_sources([str(source)], NoProgress()) as found:
        return read_gold_ids(found)


async def test_a_backtest_reads_the_ids_of_a_gold_dataset(scenario: ExportScenario) -> None:
    await _label(scenario, "gold", 3)
    lines, _ = await scenario.export(mode="gold")

    assert _gold_ids(scenario.folder) == sorted(line["id"] for line in lines)


@pytest.mark.parametrize(
    ("request_fields", "problem"),
    [
        ({"mode": "labelled"}, r"\.manifest is a dataset of the kind labelled.*--mode gold"),
        ({"mode": "retraining"}, "is a dataset of the kind audited"),
        ({"mode": "retraining", "policy": "confidence"}, "is a dataset of the kind retraining"),
        ({"mode": "review"}, "is a dataset of the kind review"),
        (
            {"mode": "gold", "anonymize": True, "users_per_cluster": 1},
            "is anonymised.*--no-anonymize",
        ),
    ],
)
async def test_what_is_no_gold_dataset_is_no_evidence_of_a_backtest(
    scenario: ExportScenario, request_fields: dict[str, Any], problem: str
) -> None:
    await _label(scenario, "gold", 3)
    await scenario.log(next(dissimilar_texts("train")), confidence=0.1)
    export = ExportDataset(scenario.source, LocalDatasetStore(scenario.folder))
    await export(ExportRequest.from_event({"policy": "audited"} | request_fields))

    with pytest.raises(InvalidExamples, match=problem):
        _gold_ids(scenario.folder)


def test_a_folder_without_a_dataset_is_no_evidence_of_a_backtest(tmp_path: Path) -> None:
    with pytest.raises(InvalidExamples, match="has no exported dataset"):
        _gold_ids(tmp_path)


async def test_datasets_of_several_kinds_are_not_mixed(scenario: ExportScenario) -> None:
    await _label(scenario, "train", 1)
    await scenario.export()
    await scenario.export(mode="labelled")

    with pytest.raises(InvalidExamples, match=r"several kinds.*\(audited\).*\(labelled\)"):
        _train(scenario.folder)


async def test_a_folder_that_was_moved_is_read(scenario: ExportScenario, tmp_path: Path) -> None:
    await _label(scenario, "train", 2)
    await scenario.export()
    (file,) = scenario.folder.rglob("*.manifest")
    shutil.move(file.parent, tmp_path / "copy")

    assert len(_train(tmp_path / "copy")) == 2


async def test_objects_that_differ_from_the_manifest_are_rejected(
    scenario: ExportScenario,
) -> None:
    await _label(scenario, "train", 2)
    _, manifest = await scenario.export()
    part = next(scenario.folder / part.key for part in manifest.objects if part.lines)
    part.write_bytes(gzip.compress(b'{"text": "other", "label": "status"}\n'))

    with pytest.raises(InvalidExamples, match=r"train-00000.*differs from its manifest"):
        _train(scenario.folder)
    part.unlink()
    with pytest.raises(InvalidExamples, match=r"train-00000.*it is missing"):
        _train(scenario.folder)


async def test_objects_without_a_manifest_are_no_dataset(scenario: ExportScenario) -> None:
    await _label(scenario, "train", 2)
    _, manifest = await scenario.export()
    (file,) = scenario.folder.rglob("*.manifest")
    file.write_bytes(b"")

    for source in (scenario.folder, _run_folder(scenario, manifest)):
        with pytest.raises(InvalidExamples, match=r"no examples.*manifest"):
            _train(source)
    file.write_text('{"how_to_verify": ""}')
    with pytest.raises(InvalidExamples, match="the manifest of a dataset of another version"):
        _train(scenario.folder)


async def test_one_part_is_read_and_the_other_parts_are_named(
    scenario: ExportScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("prompt_capture.workflows.exports.writer.LINES_PER_PART", 2)
    await _label(scenario, "train", 5)
    _, manifest = await scenario.export()
    part, remarks = scenario.folder / manifest.objects[0].key, Remarks()

    assert len(read_sources([DataSource(part)], remarks)) < 5
    assert "left out: other parts of the dataset (name its folder)." in next(iter(remarks))


async def test_one_part_in_s3_is_read_and_the_other_parts_are_named(
    scenario: ExportScenario,
    bucket: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("prompt_capture.workflows.exports.writer.LINES_PER_PART", 2)
    await _label(scenario, "train", 5)
    _, manifest = await scenario.export()
    _upload(bucket, scenario.folder)
    url = f"s3://{BUCKET}/{manifest.objects[0].key}"

    _train(url)

    parts = sum(part.split == "train" for part in manifest.objects)
    assert f"{url}: {parts - 1} left out: other parts of the dataset" in capsys.readouterr().err


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket=BUCKET)
        yield client


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _upload(bucket: Any, folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            bucket.upload_file(str(file), BUCKET, file.relative_to(folder).as_posix())


async def test_a_dataset_in_s3_is_read_by_prefix_and_by_manifest_and_its_copy_removed(
    scenario: ExportScenario, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    await _label(scenario, "train", 4)
    _, manifest = await scenario.export()
    (file,) = scenario.folder.rglob("*.manifest")
    _upload(bucket, scenario.folder)
    keys = (
        "",
        "exports",
        "exports/audited/",
        file.parent.relative_to(scenario.folder).as_posix(),
        file.relative_to(scenario.folder).as_posix(),
        _run_folder(scenario, manifest).relative_to(scenario.folder).as_posix(),
        (_run_folder(scenario, manifest) / "split=train").relative_to(scenario.folder).as_posix(),
    )

    for key in keys:
        assert len(_train(f"s3://{BUCKET}/{key}")) == 4
    assert _entries(tmp_path) == [scenario.folder]


async def test_errors_and_reports_name_objects_in_s3_by_their_url(
    bucket: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.put_object(Bucket=BUCKET, Key="data/a.jsonl", Body=b'{"text": "a", "label": "x"}\nb\n')
    bucket.put_object(Bucket=BUCKET, Key="data/b.csv", Body=b"text,label\na,x\n,\n")

    with pytest.raises(InvalidExamples, match=rf"s3://{BUCKET}/data/a\.jsonl, line 2"):
        _train(f"s3://{BUCKET}/data/a.jsonl")
    assert len(_train(f"s3://{BUCKET}/data/b.csv")) == 1
    errors = capsys.readouterr().err
    assert f"s3://{BUCKET}/data/b.csv: 1 left out: rows without content (line 3)." in errors


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"s3://{BUCKET}/nothing", r"datasets/nothing is neither an object nor a folder"),
        (
            f"s3://{BUCKET}/texts",
            r"no exported dataset, but 3 objects, such as s3://datasets/texts/a\.jsonl",
        ),
        (f"s3://{BUCKET}/texts", r"aws s3 cp --recursive s3://datasets/texts FOLDER\."),
        (f"s3://{BUCKET}/it's", r"--recursive 's3://datasets/it'\"'\"'s' FOLDER"),
        ("s3://absent/x", "Cannot download s3://absent/x.*NoSuchBucket"),
        (f"s3://{BUCKET}/a/b.manifest", "Cannot download .*Not Found"),
    ],
)
def test_what_is_not_in_s3_is_explained(bucket: Any, url: str, problem: str) -> None:
    for key in ("texts/a.jsonl", "texts/train/greet.txt", "texts/b", "texts/", "it's/a", "it's/b"):
        bucket.put_object(Bucket=BUCKET, Key=key, Body=b"hello\n")
    with pytest.raises(InvalidExamples, match=problem):
        _train(url)


def test_a_key_cannot_lead_out_of_the_folder_of_downloads(bucket: Any) -> None:
    bucket.put_object(Bucket=BUCKET, Key="../../../a.manifest", Body=b"{}")

    with pytest.raises(InvalidExamples, match="leads out of its folder"):
        _train(f"s3://{BUCKET}/..")


def test_a_folder_without_examples_says_what_it_may_contain(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("hello")

    with pytest.raises(InvalidExamples, match=r"no examples.*LABEL\.txt.*manifest"):
        read_examples([tmp_path])


async def test_texts_beside_a_dataset_do_not_hide_it_and_are_named(
    scenario: ExportScenario,
) -> None:
    await _label(scenario, "train", 5)
    lines, _manifest = await scenario.export()
    (scenario.folder / "greet.txt").write_text("hello there\n")
    (scenario.folder / "requirements.txt").write_text("numpy==2.0\n")  # no texts
    remarks = Remarks()

    located = read_sources([DataSource(scenario.folder)], remarks)

    assert len(located) == len(lines)
    assert "1 left out: LABEL.txt files beside a dataset" in "\n".join(remarks)
    assert "greet.txt" in "\n".join(remarks)


async def test_other_files_beside_a_dataset_are_named(scenario: ExportScenario) -> None:
    await _label(scenario, "train", 5)
    await scenario.export()
    await scenario.export(since_last=True)
    (scenario.folder / "more").mkdir()
    (scenario.folder / "more" / "corrected.jsonl").write_text('{"text": "hi", "label": "greet"}\n')
    (scenario.folder / "report.csv").write_text("a,b\n")
    (scenario.folder / ".hidden").write_text("a")
    (scenario.folder / "greet.txt").write_text("hello there\n")
    remarks = Remarks()

    read_sources([DataSource(scenario.folder)], remarks)

    assert "2 left out: files that no manifest lists" in "\n".join(remarks)
    assert "such as more/corrected.jsonl" in "\n".join(remarks)


async def test_a_dataset_alone_has_no_other_files(scenario: ExportScenario) -> None:
    await _label(scenario, "train", 5)
    await _label(scenario, "dev", 2)
    await scenario.export()
    await scenario.export(since_last=True)
    remarks = Remarks()

    read_sources([DataSource(scenario.folder)], remarks)

    assert "no manifest lists" not in "\n".join(remarks)
