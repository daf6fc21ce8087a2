"""Which datasets the texts of a model come from."""

from pathlib import Path

import pytest

from prompt_capture.domain.models import DatasetReference
from training.data.provenance import describe_datasets
from training.data.reading import read_sources
from training.data.remarks import Remarks
from training.data.sources import DataSource


def _describe(*sources: DataSource) -> tuple[DatasetReference, ...]:
    return describe_datasets(sources, read_sources(sources, Remarks()))


def _reference(source: object, **examples_by_tier: int) -> DatasetReference:
    return DatasetReference(source=str(source), examples_by_tier=examples_by_tier)


def test_each_source_has_the_texts_that_were_read_from_it(tmp_path: Path) -> None:
    folder, inner = tmp_path / "data", tmp_path / "data" / "more.jsonl"
    (folder / "deeper").mkdir(parents=True)
    (folder / "greeting.txt").write_text("hi\nhello\n")
    (folder / "deeper" / "status.txt").write_text("how far am i\n")
    inner.write_text(
        '{"text": "one", "label": "x"}\n'
        '{"text": "two", "label": "x", "source": "production", "tier": "outcome"}\n'
        '{"text": "three", "label": "x", "source": "production", "corrected": true}\n'
    )

    assert _describe(DataSource(folder), DataSource(inner)) == (
        _reference(folder, seed=3),
        _reference(inner, outcome=1, reviewed=1, seed=1),
    )


def test_a_source_that_no_text_comes_from_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("hi\n")
    (tmp_path / "b.txt").write_text("\n")

    assert _describe(DataSource(tmp_path / "a.txt"), DataSource(tmp_path / "b.txt")) == (
        _reference(tmp_path / "a.txt", seed=1),
    )


def test_the_current_folder_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("hi\n")
    monkeypatch.chdir(tmp_path)

    assert _describe(DataSource(Path())) == (_reference(".", seed=1),)


def test_the_name_of_a_download_is_its_address(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "a.jsonl").write_text('{"text": "hi", "label": "x"}')
    source = DataSource(tmp_path / "exports" / "a.jsonl", tmp_path, "s3://bucket")

    assert _describe(source) == (_reference("s3://bucket/exports/a.jsonl", seed=1),)


def test_the_end_of_a_long_name_is_kept(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["d" * 200] * 3)
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("hi\n")

    (dataset,) = _describe(DataSource(folder / "a.txt"))

    assert len(dataset.source) == 500
    assert dataset.source.endswith("/a.txt")
