"""How other programs name the text of a line and its label."""

from collections.abc import Collection, Iterable

_TEXTS = frozenset(
    {
        *(
            "body",
            "content",
            "data",
            "document",
            "example",
            "input",
            "inputs",
            "instruction",
            "message",
        ),
        *("phrase", "prompt"),
        *("query", "question", "sentence", "user_input", "utt", "utterance"),
    }
)
_LABELS = frozenset(
    {
        *("annotation", "category", "class", "completion", "domain", "intent", "output"),
        *("queue", "response", "sentiment", "tag", "target", "targets", "topic"),
    }
)
_NAMES_OF_LABELS = frozenset(
    {
        *("categoryname", "classname", "intentlabel", "intentname", "labeldesc"),
        *("labeldescription", "labelname", "labelnames", "labelstr", "labelstring", "labeltext"),
    }
)
"""The fields that have the names of labels beside their numbers, as compared."""


def find_text_alias(names: Iterable[str]) -> str | None:
    """Return the first field that seems to be the text.

    An instruction beside an input says what to do with the text, as in the data set Alpaca.
    """
    found = [name for name in names if name.casefold() in _TEXTS]
    inputs = [name for name in found if name.casefold() == "input"]
    is_instruction = bool(found) and found[0].casefold() == "instruction"
    return next(iter(inputs if is_instruction and inputs else found), None)


def find_label_alias(names: Iterable[str]) -> str | None:
    """Return the field that seems to be the label: one of intents if there is one, or the first."""
    aliases = list_label_aliases(names)
    of_intents = (name for name in aliases if _compared(name).startswith("intent"))
    return next(of_intents, aliases[0] if aliases else None)


def list_renames(missing: Iterable[str], names: Collection[str]) -> list[str]:
    """Return what to rename for a missing `text` or `label`, if that is known: `tag to label`."""
    find = {"text": find_text_alias, "label": find_label_alias}
    return [f"{found} to {meant}" for meant in missing if (found := find[meant](names))]


def list_label_aliases(names: Iterable[str]) -> list[str]:
    """Return the fields that have names of labels, or else those that may be the label."""
    names = list(names)
    sure = [name for name in names if _compared(name) in _NAMES_OF_LABELS]
    return sure or [name for name in names if _compared(name) in _LABELS]


def _compared(name: str) -> str:
    return name.casefold().replace("_", "").replace(" ", "").replace("-", "")
