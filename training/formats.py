"""Labelled texts in the formats of other tools: read from them, and written for them."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.examples import Example, InvalidExamples

Pair = tuple[str, str]


def read_as(form: str, file: Path) -> list[Example]:
    """Read a file of a format; raises `InvalidExamples`."""
    try:
        return [Example(text=text, label=label) for text, label in _READERS[form](file)]
    except OSError as error:
        raise InvalidExamples(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # What a reader says may quote a line.
        raise InvalidExamples(f"{file} is no {form}: {type(error).__name__}.") from None


def write_as(form: str, file: Path, examples: Sequence[Example]) -> None:
    """Write examples in a format; labels and texts survive, what a format lacks does not."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _WRITERS[form](file, [(example.text, example.label) for example in examples])


def _read_jsonl(file: Path) -> list[Pair]:
    lines = [json.loads(line) for line in file.read_text("utf-8-sig").split("\n") if line.strip()]
    return [(line["text"], line["label"]) for line in lines]


def _write_jsonl(file: Path, pairs: Sequence[Pair]) -> None:
    lines = (json.dumps({"text": text, "label": label}) for text, label in pairs)
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _read_csv(file: Path) -> list[Pair]:
    with file.open(encoding="utf-8-sig", newline="") as rows:
        return [(row["text"], row["label"]) for row in csv.DictReader(rows)]


def _write_csv(file: Path, pairs: Sequence[Pair]) -> None:
    content = io.StringIO(newline="")
    csv.writer(content).writerows([("text", "label"), *pairs])
    file.write_bytes(content.getvalue().encode("utf-8-sig"))


def _read_parquet(file: Path) -> list[Pair]:
    from pyarrow import parquet

    table = parquet.read_table(file, columns=["text", "label"]).to_pylist()
    return [(row["text"], row["label"]) for row in table]


def _write_parquet(file: Path, pairs: Sequence[Pair]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns = {"text": [text for text, _ in pairs], "label": [label for _, label in pairs]}
    parquet.write_table(pa.table(columns), file, compression="zstd")


def _read_rasa(file: Path) -> list[Pair]:
    """Read Rasa NLU training data (version 3.1): the items under `nlu` that are intents."""
    import yaml

    try:
        content = yaml.safe_load(file.read_text("utf-8-sig"))
    except yaml.YAMLError:
        raise ValueError from None
    return [
        (_plain(line), item["intent"])
        for item in content["nlu"]
        if "intent" in item
        for line in _rasa_lines(item["examples"])
    ]


def _rasa_lines(examples: Any) -> Iterable[str]:
    if isinstance(examples, str):
        lines = (line.strip() for line in examples.split("\n"))
        return [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    return [example["text"].strip() for example in examples]


def _plain(line: str) -> str:
    """Take the marks of entities out: `[Friday](day)` and `[Friday]{"entity": "day"}`."""
    import re

    return re.sub(r"\[([^\]\[]+)\](?:\([^()\s]+\)|\{[^{}]*\})", r"\1", line)


def _write_rasa(file: Path, pairs: Sequence[Pair]) -> None:
    import yaml

    items = [
        {"intent": label, "examples": [{"text": text} for text in texts]}
        for label, texts in _by_label(pairs).items()
    ]
    content = {"version": "3.1", "nlu": items}
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")


def _read_clu(file: Path) -> list[Pair]:
    """Read Azure's conversational language understanding, or LUIS, which it came from."""
    content = json.loads(file.read_text("utf-8-sig"))
    utterances = content["assets"]["utterances"] if "assets" in content else content["utterances"]
    return [(each["text"], each["intent"]) for each in utterances]


def _write_clu(file: Path, pairs: Sequence[Pair]) -> None:
    utterances = [
        {"text": text, "intent": label, "language": "en-us", "dataset": "Train", "entities": []}
        for text, label in pairs
    ]
    content = {
        "projectFileVersion": "2023-04-01",
        "stringIndexType": "Utf16CodeUnit",
        "metadata": {
            "projectKind": "Conversation",
            "projectName": "prompt-capture",
            "multilingual": False,
            "language": "en-us",
        },
        "assets": {
            "projectKind": "Conversation",
            "intents": [{"category": label} for label in _by_label(pairs)],
            "entities": [],
            "utterances": utterances,
        },
    }
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")


def _write_luis(file: Path, pairs: Sequence[Pair]) -> None:
    content = {
        "luis_schema_version": "7.0.0",
        "versionId": "0.1",
        "name": "prompt-capture",
        "culture": "en-us",
        "intents": [{"name": label, "features": []} for label in _by_label(pairs)],
        "entities": [],
        "utterances": [{"text": text, "intent": label, "entities": []} for text, label in pairs],
    }
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")


def _by_label(pairs: Sequence[Pair]) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text, label in pairs:
        found.setdefault(label, []).append(text)
    return found


_READERS: Mapping[str, Callable[[Path], list[Pair]]] = {
    "jsonl": _read_jsonl,
    "csv": _read_csv,
    "parquet": _read_parquet,
    "rasa": _read_rasa,
    "clu": _read_clu,
    "luis": _read_clu,
}
_WRITERS: Mapping[str, Callable[[Path, Sequence[Pair]], None]] = {
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "parquet": _write_parquet,
    "rasa": _write_rasa,
    "clu": _write_clu,
    "luis": _write_luis,
}
FORMATS = tuple(_READERS)
