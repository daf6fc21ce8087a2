"""Review files as people open them: JSON, a spreadsheet's CSV, or Label Studio's tasks."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from prompt_capture.domain.errors import InvalidReview

ReviewFormat = Literal["json", "csv", "label-studio"]

SUFFIXES: Mapping[ReviewFormat, str] = {
    "json": "json",
    "csv": "csv",
    "label-studio": "tasks.json",
}

Entry = dict[str, Any]

_COLUMNS = (
    "id",
    "prompt",
    "predicted_intent",
    "confidence",
    "created_at",
    "corrected_intent",
    "notes",
)
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def write_entries(entries: Sequence[Mapping[str, Any]], form: ReviewFormat) -> bytes:
    """Write entries in a format."""
    if form == "csv":
        return _as_csv(entries)
    values = [_as_task(entry) for entry in entries] if form == "label-studio" else entries
    lines = ",\n  ".join(json.dumps(value, ensure_ascii=False) for value in values)
    return f"[\n  {lines}\n]\n".encode() if entries else b"[]\n"


def read_entries(content: str) -> dict[int, Any]:
    """Read entries by their number: of a CSV the line, otherwise the place in the list, from 1.

    The format is told by the content. Raises `InvalidReview`.
    """
    if not content.lstrip().startswith("["):
        return _from_csv(content)
    try:
        entries = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InvalidReview(f"The file is not JSON: {error}") from None
    return {
        number: _from_task(entry) if isinstance(entry, dict) and "data" in entry else entry
        for number, entry in enumerate(entries, 1)
    }


def form_of(key: str) -> ReviewFormat:
    """Tell the format by an object's name."""
    if key.endswith(".csv"):
        return "csv"
    return "label-studio" if key.endswith(".tasks.json") else "json"


def _as_csv(entries: Sequence[Mapping[str, Any]]) -> bytes:
    """Write a CSV that spreadsheets take for UTF-8, and no message for a formula."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
    writer.writeheader()
    for entry in entries:
        text = str(entry["prompt"])
        shown = f"'{text}" if text.startswith(_FORMULAS) else text
        writer.writerow({**entry, "prompt": shown})
    return file.getvalue().encode("utf-8-sig")


def _from_csv(content: str) -> dict[int, Any]:
    file = io.StringIO(content.removeprefix("\ufeff"), newline="")
    first = file.readline()
    file.seek(0)
    separator = ";" if first.count(";") > first.count(",") else ","
    reader = csv.DictReader(file, delimiter=separator)
    if not {"id", "corrected_intent"} <= set(reader.fieldnames or ()):
        raise InvalidReview("The file is no review file: it has no id and corrected_intent.")
    try:
        return dict((reader.line_num, row) for row in reader)  # noqa: C402
    except csv.Error as error:
        raise InvalidReview(f"The file is not CSV: {error}") from None


def _as_task(entry: Mapping[str, Any]) -> Entry:
    shown = {name: entry[name] for name in _COLUMNS if name in entry}
    choice = {
        "from_name": "intent",
        "to_name": "text",
        "type": "choices",
        "value": {"choices": [entry["predicted_intent"]]},
    }
    return {
        "data": shown,
        "predictions": [{"score": entry["confidence"], "result": [choice]}],
    }


def _from_task(task: Entry) -> Entry:
    """Read what an annotator chose; the last annotation that was not cancelled counts."""
    entry = dict(task["data"]) if isinstance(task["data"], dict) else {}
    for annotation in task.get("annotations") or []:
        if not annotation.get("was_cancelled"):
            for result in annotation.get("result", []):
                value = result.get("value", {})
                if result.get("from_name") == "intent":
                    entry["corrected_intent"] = next(iter(value.get("choices", [])), None)
                elif result.get("from_name") == "notes":
                    entry["notes"] = "\n".join(value.get("text", []))
    return entry
