"""A bucket with a dataset, a gold set, seeds and a published model, and the texts that were sent.

The texts are the project's utterances. Where there are too few of them, they are combined in pairs,
so that no text is there twice.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from prompt_capture.adapters.local_datasets import LocalDatasetStore
from prompt_capture.adapters.local_models import LocalModelObjects
from prompt_capture.adapters.onnx.model_folder import read_model_folder
from prompt_capture.domain.datasets.lines import DatasetCounts
from prompt_capture.domain.datasets.manifest import DatasetObject, Manifest
from prompt_capture.domain.datasets.requests import ExportRequest
from prompt_capture.domain.datasets.rows import Window
from training.data.examples import Example
from training.data.reading import read_examples

UTTERANCES = Path("training/data")
GOLD, CAPTURED = 500, 20_000
NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def write_bucket(folder: Path, model: Path, rows: int, new_labels: int) -> None:
    """Write a bucket with so many rows to learn from; `new_labels` of them are reviewers'."""
    store = LocalDatasetStore(folder)
    known = list(islice(_distinct(read_examples([UTTERANCES / "train"])), rows + CAPTURED))
    seeds, labelled = known[: rows - new_labels], known[rows - new_labels : rows]
    lines = [{"text": one.text, "label": one.label} for one in seeds]
    store.create_if_absent("seeds/seeds.jsonl", _jsonl(lines), "application/jsonl")
    _write_dataset(store, "exports/audited", "train", labelled, {"policy": "audited"})
    gold = read_examples([UTTERANCES / "heldout"])[: 10 * GOLD : 10]
    _write_dataset(store, "retained/gold", "gold", gold, {})
    objects, published = LocalModelObjects(folder), read_model_folder(model)
    for file in published.files:
        objects.put_blob(file.sha256, file.read())
    objects.put_manifest(published.version, published.manifest)
    facts = {
        "gold": [[_id_of(one), one.text, one.label] for one in gold],
        "captured": [one.text for one in known[rows : rows + CAPTURED]],
        "intents": sorted({one.label for one in (*known, *gold)}),
    }
    (folder / "facts.json").write_text(json.dumps(facts), "utf-8")


def _distinct(examples: Sequence[Example]) -> Iterator[Example]:
    """Yield each example, then pairs of one intent."""
    yield from examples
    for distance in range(1, len(examples)):
        for one, other in zip(examples, examples[distance:], strict=False):
            if one.label == other.label:
                yield Example(text=f"{one.text}, {other.text}", label=one.label)


def _write_dataset(
    store: LocalDatasetStore,
    prefix: str,
    split: str,
    examples: Sequence[Example],
    request: dict[str, str],
) -> None:
    name = f"{prefix.rpartition('/')[2]}-20261102T093000000000Z"
    key = f"{prefix}/2026/11/02/{name}/split={split}/{split}-00000.jsonl.gz"
    reviewed = {"source": "production", "corrected": True, "tier": "person", "split": split}
    lines = [
        {"id": _id_of(one), "text": one.text, "label": one.label} | reviewed for one in examples
    ]
    content = gzip.compress(_jsonl(lines), mtime=0)
    store.create_if_absent(key, content, "application/gzip")
    part = DatasetObject(
        key=key,
        kind="lines",
        split=split,
        lines=len(lines),
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    mode = "gold" if split == "gold" else "retraining"
    asked = ExportRequest.model_validate({"mode": mode, **request})
    manifest = Manifest(
        request=asked,
        series=asked.series,
        window=Window(begin="0", end="1"),
        opened_at=NOW,
        exported_at=NOW,
        confidence_threshold=0.85,
        since=None,
        id_type="text",
        bucket=store.bucket,
        objects=(part,),
        counts=DatasetCounts(lines=len(lines)),
    )
    content = manifest.model_dump_json().encode()
    store.create_if_absent(f"{prefix}/2026/11/02/{name}.manifest", content, "application/json")


def _jsonl(lines: Sequence[object]) -> bytes:
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def _id_of(example: Example) -> str:
    return hashlib.sha256(example.text.encode()).hexdigest()
