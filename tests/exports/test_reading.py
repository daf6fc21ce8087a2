"""DuckDB and the `datasets` library read datasets without conversion."""

from pathlib import Path

import duckdb
import pytest
from datasets import load_dataset  # type: ignore[import-untyped]

from tests.exports.test_audited import ExportScenario, dissimilar_texts


@pytest.fixture
async def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("prompt_capture.workflows.exports.writer.LINES_PER_PART", 20)
    scenario = ExportScenario(tmp_path)
    for split, count in (("train", 50), ("dev", 5)):
        texts = dissimilar_texts(split)
        for _ in range(count):
            await scenario.log_labelled(next(texts), "reminder")
    _, manifest = await scenario.export()
    assert len([part for part in manifest.objects if part.split == "train"]) == 3
    return (tmp_path / manifest.objects[0].key).parent.parent


def test_duckdb_reads_the_folder_with_its_splits(folder: Path) -> None:
    query = duckdb.sql(
        f"select split, count(*), any_value(label) from '{folder}/*/*.jsonl.gz' group by all"
    )
    assert query is not None

    assert sorted(query.fetchall()) == [("dev", 5, "reminder"), ("train", 50, "reminder")]


@pytest.mark.filterwarnings("ignore")
def test_the_datasets_library_detects_the_splits(folder: Path, tmp_path: Path) -> None:
    loaded = load_dataset(str(folder), cache_dir=str(tmp_path / "cache"))

    assert {name: len(split) for name, split in loaded.items()} == {"train": 50, "validation": 5}
    assert set(loaded["train"]["label"]) == {"reminder"}
