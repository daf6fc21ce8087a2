"""Projects of Azure's conversational language understanding (CLU) and of its predecessor LUIS."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prompt_capture.domain.errors import InvalidFile
from prompt_capture.domain.text_files import parse_json
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.reading import Reading
from training.data.remarks import Remarks

_MAX_TEXT = 500
"""The longest utterance that Azure takes, in UTF-16 code units."""

_TRAINING_SET = "Train"
"""The part of a CLU project in which utterances are by default."""


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the utterances of a CLU or LUIS project. Raise `InvalidExamples`."""
    content = _parse(file)
    assets = content.get("assets")
    project = assets if isinstance(assets, dict) else content
    utterances = project.get("utterances")
    if not isinstance(utterances, list):
        raise file.invalid(_describe_other_file(content, project))
    for number, utterance in enumerate(utterances, 1):
        location = file.location("utterance", number)
        if not isinstance(utterance, dict):
            raise InvalidExamples(f"{location} is not a JSON object.")
        if isinstance(entities := utterance.get("entities"), list) and entities:
            reading.remarks.leave_out("entity annotations", location, len(entities))
        dataset = utterance.get("dataset")
        values = {
            "text": utterance.get("text"),
            "label": utterance.get("intent"),
            "split": None if dataset == _TRAINING_SET else dataset,
        }
        if located := reading.accept(values, location):
            yield located
    if isinstance(patterns := project.get("patterns"), list):
        for number in range(1, len(patterns) + 1):
            reading.remarks.leave_out("patterns", file.location("pattern", number))


def leave_out_long(
    examples: Sequence[LocatedExample], remarks: Remarks
) -> Iterator[LocatedExample]:
    """Yield the examples that Azure imports. One text that is too long makes it refuse the file."""
    for located in examples:
        if len(located.example.text.encode("utf-16-le", "surrogatepass")) // 2 <= _MAX_TEXT:
            yield located
        else:
            reason = f"texts over {_MAX_TEXT} characters, the limit of Azure"
            remarks.leave_out(reason, located.location)


def to_json(project: Mapping[str, Any]) -> bytes:
    """Return a project as a JSON file."""
    return json.dumps(project, ensure_ascii=False, indent=1).encode()


def list_labels(examples: Sequence[LocatedExample]) -> list[str]:
    """Return each label once, in the order of the examples."""
    return list(dict.fromkeys(example.label for example, _location in examples))


def _parse(file: DataFile) -> dict[str, Any]:
    text = file.read_text()
    try:
        content = parse_json(text)
    except InvalidFile as error:
        hint = (
            " A .lu file is another format: export the LUIS version as JSON."
            if text.lstrip().startswith(("#", ">", "-"))
            else ""
        )
        raise file.invalid(f"{error}{hint}") from None
    if isinstance(content, list):
        raise file.invalid(
            "It is a list, such as a file for LUIS batch tests. Export the project as JSON."
        )
    if not isinstance(content, dict):
        raise file.invalid("It is not a project. Export the project as JSON.")
    return content


def _describe_other_file(content: Mapping[str, Any], project: Mapping[str, Any]) -> str:
    if isinstance(content.get("intents"), dict):
        return (
            "It is a dataset of Snips NLU. Write a line of JSON for each text: "
            '{"text": ..., "label": ...}.'
        )
    metadata = content.get("metadata")
    kind = project.get("projectKind") or (
        metadata.get("projectKind") if isinstance(metadata, dict) else None
    )
    if isinstance(kind, str) and kind.isalnum():
        return f"It is a project of the kind {kind} without utterances. Export the conversation."
    return (
        "It has no list of utterances. Export a CLU project of the kind Conversation, or a "
        "version of a LUIS app, as JSON."
    )
