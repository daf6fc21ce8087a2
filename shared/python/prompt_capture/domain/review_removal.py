"""Removal of entries from review files, which reviewers may have filled in or arranged anew."""

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from prompt_capture.domain.errors import ErasureIncomplete, InvalidFile
from prompt_capture.domain.moved_prompts import StatedPrompt, find_moved
from prompt_capture.domain.review_fields import DECISION_FIELDS
from prompt_capture.domain.review_files import (
    WrittenEntry,
    find_log_id,
    is_json_list,
    list_entries,
)
from prompt_capture.domain.text import canonical_text, strip_invisible
from prompt_capture.domain.text_files import (
    decode_text,
    decompress,
    detect_encoding,
    replace_surrogates,
)

_UUID = re.compile(r"[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}", re.IGNORECASE)

_NO_TEXT = re.compile(r"[-+.,%\s\d]*|true|false", re.IGNORECASE)
"""The number or the tick that columns of a spreadsheet may have below the entries, or nothing."""


class _Segment(NamedTuple):
    """An entry as it is written, with all ids in it.

    `log_id` is the id of its prompt, if a field for it states one. `may_have_prompt`: a field that
    no reviewer fills in has something.
    """

    text: str
    log_id: str | None
    ids: list[str]
    may_have_prompt: bool
    fields: Mapping[str, Any]
    place: str


def list_prompts(content: bytes) -> Iterator[dict[str, str | None]]:
    """Yield `id`, `prompt`, `predicted_intent` and the place of each entry.

    Raise `ErasureIncomplete`.
    """
    for segment in _read(content).segments:
        stated = {name: segment.fields.get(name) for name in ("prompt", "predicted_intent")}
        texts = {name: each if isinstance(each, str) else None for name, each in stated.items()}
        log_id = segment.log_id or next(iter(segment.ids), None)
        yield {"id": log_id, "place": segment.place, **texts}


def remove_entries(content: bytes, is_removed: Callable[[str], bool]) -> tuple[bytes, int]:
    """Return a review file without the entries of some ids, and how many entries remain.

    All else stays as it is written. Raise `ErasureIncomplete` where it is not sure which entry an
    id or a prompt belongs to.
    """
    file = _read(content)
    _reject_removed(_find_ids(file.head), "The header", is_removed)
    kept = [segment for segment in file.segments if _is_kept(segment, is_removed)]
    is_same = len(kept) == len(file.segments)
    return content if is_same else file.write(kept), len(kept)


def reject_moved_prompts(
    entries: Sequence[Mapping[str, Any]], captured: Mapping[UUID, str]
) -> None:
    """Raise `ErasureIncomplete` where the prompt that was captured with an id is in another entry.

    `captured` has prompts by id, and `entries` are those of `list_prompts`.
    """
    stated = {
        number: StatedPrompt(
            UUID(entry["id"]) if entry["id"] else None, canonical_text(entry["prompt"])
        )
        for number, entry in enumerate(entries)
        if entry["prompt"] is not None
    }
    if moved := find_moved(stated, captured):
        raise ErasureIncomplete(
            f"{entries[min(moved)]['place']} does not have the prompt of its id, and another one "
            "has it, as where some columns of a table were sorted without the others. Undo that, "
            "or delete the file."
        )


def _is_kept(segment: _Segment, is_removed: Callable[[str], bool]) -> bool:
    """Return whether an entry is not of a removed id. Raise `ErasureIncomplete` where in doubt."""
    log_id = segment.log_id or (segment.ids[0] if len(segment.ids) == 1 else "")
    if is_removed(log_id):
        return False
    _reject_removed(segment.ids, segment.place, is_removed)
    if segment.may_have_prompt and not segment.log_id:
        raise ErasureIncomplete(
            f"{segment.place} has a text and not the id of its prompt alone. Correct or delete it."
        )
    return True


def _reject_removed(ids: list[str], place: str, is_removed: Callable[[str], bool]) -> None:
    if any(map(is_removed, ids)):
        raise ErasureIncomplete(
            f"{place} also has the id of a prompt of an erased user, as where a quote or a missing "
            "line end joins several rows. Correct or delete it."
        )


def _find_ids(*texts: str) -> list[str]:
    """Return the ids in some texts, each once."""
    found = (match[0] for text in texts for match in _UUID.finditer(text))
    return list(dict.fromkeys(str(UUID(each)) for each in found))


class _File(NamedTuple):
    """A file in parts: what is above the entries, these, what separates them, what is below."""

    head: str
    segments: list[_Segment]
    separator: str
    tail: str
    encoding: str

    def write(self, kept: list[_Segment]) -> bytes:
        """Return the file with some of its entries."""
        body = self.separator.join(segment.text for segment in kept)
        return replace_surrogates(f"{self.head}{body}{self.tail}").encode(self.encoding)


def _read(content: bytes) -> _File:
    """Read a file. Raise `ErasureIncomplete`, which contains nothing of its text."""
    try:
        content = decompress(content)
        text = decode_text(content)
        entries = list(list_entries(text)) if strip_invisible(text) else []
    except InvalidFile:
        raise ErasureIncomplete(
            "The file is no review file any more. `prompt-capture import-review` says why: correct "
            "or delete it."
        ) from None
    encoding = detect_encoding(content)
    if is_json_list(text):
        segments = [_to_segment(each, _dump(each), "Entry") for each in entries]
        return _File("[\n  ", segments, ",\n  ", "\n]\n", encoding)
    lines = list(io.StringIO(text, newline=""))
    starts = [each.number - 1 for each in entries]
    ends = [*starts[1:], len(lines)]
    written = ["".join(lines[start:end]) for start, end in zip(starts, ends, strict=False)]
    segments = [
        _to_segment(each, segment, "Line") for each, segment in zip(entries, written, strict=True)
    ]
    head = "".join(lines[: starts[0]] if starts else lines)
    return _File(head, segments, "", "", encoding)


def _dump(entry: WrittenEntry) -> str:
    if entry.problem:
        raise ErasureIncomplete(f"Entry {entry.number} has a key twice. Correct or delete it.")
    return json.dumps(entry.values, ensure_ascii=False)


def _to_segment(entry: WrittenEntry, written: str, unit: str) -> _Segment:
    place = f"{unit} {entry.number}"
    values = entry.values
    if not isinstance(values, Mapping):
        raise ErasureIncomplete(f"{place} is no entry. Correct or delete it.")
    data = values.get("data")
    fields = data if isinstance(data, Mapping) else values
    log_id = find_log_id(fields)
    stated = str(log_id) if log_id else None
    may_have_prompt = bool(entry.problem) or any(
        _has_text(value, name) for name, value in fields.items() if name not in DECISION_FIELDS
    )
    return _Segment(written, stated, _find_ids(written), may_have_prompt, fields, place)


def _has_text(value: object, name: str) -> bool:
    if value is None or value == []:
        return False
    text = strip_invisible(str(value))
    return bool(text) if name == "prompt" else not _NO_TEXT.fullmatch(text)
