"""Read and write labelled texts in the formats of other tools."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from training.data.examples import Example, InvalidExamples

TextLabel = tuple[str, str]


def read_as(file_format: str, file: Path) -> list[Example]:
    """Read a file in one of `FORMATS`; raises `InvalidExamples`."""
    try:
        return [Example(text=text, label=label) for text, label in _READERS[file_format](file)]
    except OSError as error:
        raise InvalidExamples(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        # The text of the error may quote a line of the file.
        raise InvalidExamples(
            f"{file} is not a valid {file_format} file ({type(error).__name__})."
        ) from None


def write_as(file_format: str, file: Path, examples: Sequence[Example]) -> None:
    """Write the texts and labels of examples in one of `FORMATS`.

    Other fields of the examples are not written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    _WRITERS[file_format](file, [(example.text, example.label) for example in examples])


def _read_jsonl(file: Path) -> list[TextLabel]:
    lines = [json.loads(line) for line in file.read_text("utf-8-sig").split("\n") if line.strip()]
    return [(line["text"], line["label"]) for line in lines]


def _write_jsonl(file: Path, pairs: Sequence[TextLabel]) -> None:
    lines = (json.dumps({"text": text, "label": label}) for text, label in pairs)
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")


def _read_csv(file: Path) -> list[TextLabel]:
    with file.open(encoding="utf-8-sig", newline="") as rows:
        return [(row["text"], row["label"]) for row in csv.DictReader(rows)]


def _write_csv(file: Path, pairs: Sequence[TextLabel]) -> None:
    content = io.StringIO(newline="")
    csv.writer(content).writerows([("text", "label"), *pairs])
    file.write_bytes(content.getvalue().encode("utf-8-sig"))


def _read_parquet(file: Path) -> list[TextLabel]:
    from pyarrow import parquet

    table = parquet.read_table(file, columns=["text", "label"]).to_pylist()
    return [(row["text"], row["label"]) for row in table]


def _write_parquet(file: Path, pairs: Sequence[TextLabel]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    columns = {"text": [text for text, _ in pairs], "label": [label for _, label in pairs]}
    parquet.write_table(pa.table(columns), file, compression="zstd")


def _read_rasa(file: Path) -> list[TextLabel]:
    """Read Rasa NLU training data (version 3.1): the intents under `nlu`."""
    import yaml

    try:
        content = yaml.safe_load(file.read_text("utf-8-sig"))
    except yaml.YAMLError:
        raise ValueError from None
    return [
        (_remove_entities(line), item["intent"])
        for item in content["nlu"]
        if "intent" in item
        for line in _list_rasa_texts(item["examples"])
    ]


def _list_rasa_texts(examples: Any) -> Iterable[str]:
    if isinstance(examples, str):
        lines = (line.strip() for line in examples.split("\n"))
        return [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    return [example["text"].strip() for example in examples]


def _remove_entities(line: str) -> str:
    """Remove entity annotations: `[Friday](day)` and `[Friday]{"entity": "day"}`."""
    import re

    return re.sub(r"\[([^\]\[]+)\](?:\([^()\s]+\)|\{[^{}]*\})", r"\1", line)


def _write_rasa(file: Path, pairs: Sequence[TextLabel]) -> None:
    import yaml

    items = [
        {"intent": label, "examples": [{"text": text} for text in texts]}
        for label, texts in _group_by_label(pairs).items()
    ]
    content = {"version": "3.1", "nlu": items}
    file.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")


def _read_clu(file: Path) -> list[TextLabel]:
    """Read Azure conversational language understanding (CLU), or its predecessor LUIS."""
    content = json.loads(file.read_text("utf-8-sig"))
    utterances = content["assets"]["utterances"] if "assets" in content else content["utterances"]
    return [(each["text"], each["intent"]) for each in utterances]


def _write_clu(file: Path, pairs: Sequence[TextLabel]) -> None:
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
            "intents": [{"category": label} for label in _group_by_label(pairs)],
            "entities": [],
            "utterances": utterances,
        },
    }
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")


def _write_luis(file: Path, pairs: Sequence[TextLabel]) -> None:
    content = {
        "luis_schema_version": "7.0.0",
        "versionId": "0.1",
        "name": "prompt-capture",
        "culture": "en-us",
        "intents": [{"name": label, "features": []} for label in _group_by_label(pairs)],
        "entities": [],
        "utterances": [{"text": text, "intent": label, "entities": []} for text, label in pairs],
    }
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1), "utf-8")


def _group_by_label(pairs: Sequence[TextLabel]) -> Mapping[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for text, label in pairs:
        texts.setdefault(label, []).append(text)
    return texts


_READERS: Mapping[str, Callable[[Path], list[TextLabel]]] = {
    "jsonl": _read_jsonl,
    "csv": _read_csv,
    "parquet": _read_parquet,
    "rasa": _read_rasa,
    "clu": _read_clu,
    "luis": _read_clu,
}
_WRITERS: Mapping[str, Callable[[Path, Sequence[TextLabel]], None]] = {
    "jsonl": _write_jsonl,
    "csv": _write_csv,
    "parquet": _write_parquet,
    "rasa": _write_rasa,
    "clu": _write_clu,
    "luis": _write_luis,
}
FORMATS = tuple(_READERS)
