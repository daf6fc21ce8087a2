"""Exports of Argilla: how a record is known, and which of its answers is the label."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from training.data.formats.aliases import find_label_alias, find_text_alias
from training.data.formats.json_columns import quote

_LABEL: Final = "label"
_SUBMITTED: Final = 'select((.status // "submitted") == "submitted")'
"""The filter that selects submitted answers. Argilla 2 exports answers without a status."""


def is_record(value: Any) -> bool:
    """Return whether a value is a record with a text and responses."""
    if not isinstance(value, dict) or not isinstance(value.get("responses"), dict | list):
        return False
    fields = value.get("fields")
    return isinstance(fields, dict) and any(isinstance(each, str) for each in fields.values())


def filter_records(records: Sequence[Any]) -> str:
    """Return the filter for a record. Its responses are a list in version 1."""
    record = next(filter(is_record, records))
    names = [name for name, text in record["fields"].items() if isinstance(text, str)]
    name = "text" if "text" in names else find_text_alias(names) or names[0]
    find_label = _filter_list if isinstance(record["responses"], list) else _filter_object
    questions = _list_questions(records)
    question = f"[{quote(_choose_question(questions))}]" if questions else None
    return f"{{text: .fields[{quote(name)}], label: ({find_label(question)}), metadata}}"


def _filter_list(question: str | None) -> str:
    """Return the filter for the labels in a list of responses, each to several questions."""
    value = f".values{question} // empty | .value" if question else ".values[].value"
    return f".responses[] | {_SUBMITTED} | {value}"


def _filter_object(question: str | None) -> str:
    """Return the filter for the labels in an object with a list of responses to each question."""
    responses = f"(.responses{question} // [])[]" if question else ".responses[][]"
    return f"{responses} | {_SUBMITTED} | .value"


def describe_question(records: Sequence[Any]) -> str:
    """Say whose answers are the labels, where a record has several questions."""
    questions = _list_questions(records)
    if len(questions) < 2:
        return ""
    return (
        f", from the answers to the question {_choose_question(questions)} (if the intents are "
        "those to another one, write its name in place of this)"
    )


def _choose_question(questions: Sequence[str]) -> str:
    return _LABEL if _LABEL in questions else find_label_alias(questions) or questions[0]


def _list_questions(records: Sequence[Any]) -> list[str]:
    """Return the questions whose answers may be labels: they are texts, or lists of these."""
    names: dict[str, None] = {}
    for record in filter(is_record, records):
        for question, answer in _list_answers(record["responses"]):
            if isinstance(answer, str) or (isinstance(answer, list) and answer):
                names.setdefault(question)
    return list(names)


def _list_answers(responses: Any) -> list[tuple[str, Any]]:
    """Return each question with an answer to it."""
    if isinstance(responses, Mapping):
        return [
            (question, answer.get("value"))
            for question, answers in responses.items()
            if isinstance(answers, list)
            for answer in answers
            if isinstance(answer, dict)
        ]
    return [
        (question, answer.get("value"))
        for response in responses
        if isinstance(response, dict) and isinstance(response.get("values"), dict)
        for question, answer in response["values"].items()
        if isinstance(answer, dict)
    ]
