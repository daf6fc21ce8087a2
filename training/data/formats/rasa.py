"""Rasa NLU training data in YAML (version 2 and later): the intents under `nlu`.

The rules are those of Rasa's `rasa_yaml.py` and `entities_parser.py`.
"""

import json
import re
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import yaml
from yaml.composer import ComposerError
from yaml.constructor import ConstructorError
from yaml.events import CollectionEndEvent, CollectionStartEvent
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from prompt_capture.domain.field_names import Misspelling, find_misspelling, list_unknown
from prompt_capture.domain.text_files import count_lines, split_lines
from training.data.examples import InvalidExamples, LocatedExample
from training.data.files import DataFile
from training.data.formats.platforms import describe_documents, describe_value
from training.data.formats.reading import Reading
from training.data.locations import Location
from training.data.remarks import Remarks

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_STRIPPED = "\n\r\t "
"""The white space that Rasa removes around a text (tabs it removes later, between words)."""

_SEPARATORS = "\x85\u2028\u2029"
"""Characters that end a line in YAML 1.1, which the parser implements, but not in YAML 1.2."""

_NEEDS_QUOTES = re.compile(rf"^[-+.0-9]|[{_SEPARATORS}]|\$\{{|\\[uU]")
"""What may be a number in YAML 1.2 alone, such as 0o17, and lines that do not end there.

Without quotes, Rasa also replaces `${NAME}` by a variable of its environment and, in versions 2 and
3, an escape sequence such as `\\u00e9` in a file of ASCII alone.
"""

_PRIVATE_USE = range(0xF0000, 0xFFFFE)
_CONTROL_CHARACTER = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
"""Characters that no YAML file may contain, except as an escape sequence."""

_MAX_LEVELS = 100
"""How deep lists and mappings may nest: the parser is recursive, and a Rasa file has few levels."""

_NULL = "tag:yaml.org,2002:null"
_MERGE = "tag:yaml.org,2002:merge"

_LIST_OF_ATTRIBUTES = re.compile(r"\[\s*\{")
_ATTRIBUTES = re.compile(r"\{[^}]+?\}")

_MARKDOWN = re.compile(r"^##\s*(?:intent|synonym|regex|lookup)\s*:", re.MULTILINE)

_OTHER_FILES = {
    "rasa_nlu_data": "holds NLU data in JSON, the format of Rasa 1. With Rasa 2, run "
    "`rasa data convert nlu -f yaml --data FILE --out FOLDER`",
    "stories": "is a file of stories. Convert the NLU data, usually data/nlu.yml",
    "rules": "is a file of rules. Convert the NLU data, usually data/nlu.yml",
    "pipeline": "is a configuration. Convert the NLU data, usually data/nlu.yml",
    "policies": "is a configuration. Convert the NLU data, usually data/nlu.yml",
    "intents": "is a domain. Convert the NLU data, usually data/nlu.yml",
    "responses": "holds responses. Convert the NLU data, usually data/nlu.yml",
    "slots": "is a domain. Convert the NLU data, usually data/nlu.yml",
    "actions": "is a domain. Convert the NLU data, usually data/nlu.yml",
}
"""What a file without the key `nlu` is, by one of its keys."""

_OTHER_SECTIONS = {
    "synonym": "synonyms",
    "regex": "regular expressions",
    "lookup": "lookup tables",
}


_KEYS_OF_INTENTS = frozenset({"intent", "examples", "metadata"})
_KEYS_OF_EXAMPLES = frozenset({"text", "metadata"})


def read(file: DataFile, reading: Reading) -> Iterator[LocatedExample]:
    """Yield the examples of the intents. Raise `InvalidExamples`."""
    yield from _Reader(file, reading).read()


def fit(examples: Sequence[LocatedExample], remarks: Remarks) -> Iterator[LocatedExample]:
    """Yield the examples that Rasa reads as they are, without white space around them."""
    for located in examples:
        example, location = located
        text = example.text.strip(_STRIPPED)
        if not example.is_for_training:
            remarks.leave_out("texts of other splits than train, which Rasa lacks", location)
        elif any(_find_entities(text)) or _has_bracket_pairs(text):
            remarks.leave_out("texts in which Rasa would read an entity annotation", location)
        elif text == example.text:
            yield located
        else:
            remarks.change("white space around texts is removed, as Rasa does", location)
            yield located._replace(example=example.model_copy(update={"text": text}))


def encode(examples: Sequence[LocatedExample]) -> bytes:
    """Return a Rasa file."""
    by_label: dict[str, list[dict[str, str]]] = {}
    for example, _location in examples:
        by_label.setdefault(example.label, []).append({"text": example.text})
    items = [{"intent": label, "examples": texts} for label, texts in by_label.items()]
    content = {"version": "3.1", "nlu": items}
    written: str = yaml.dump(
        content, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=sys.maxsize
    )
    return written.encode()


class _Dumper(yaml.SafeDumper):
    """Writes texts that are the same in YAML 1.1, which the library knows, and in YAML 1.2."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> ScalarNode:
    style = '"' if _NEEDS_QUOTES.search(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _represent_text)


class _TextKeyLoader(_LOADER):  # type: ignore[misc, valid-type]
    """Reads keys as they are written: `yes` and `404` are texts."""

    def construct_mapping(self, node: MappingNode, deep: bool = False) -> dict[str, Any]:
        self.flatten_mapping(node)
        if not all(isinstance(key, ScalarNode) for key, _value in node.value):
            raise ConstructorError(problem="a key is no scalar", problem_mark=node.start_mark)
        return {key.value: self.construct_object(value, deep=deep) for key, value in node.value}


class _Reader:
    """Reads one file. YAML scalars are taken as written: `yes`, `12` and `1.0` are texts."""

    def __init__(self, file: DataFile, reading: Reading) -> None:
        self._file = file
        self._reading = reading
        self._separators: dict[int, str] = {}
        """The separators in the texts by the character that stands for each."""
        self._lines: list[str] = []

    def read(self) -> Iterator[LocatedExample]:
        for item in self._read_sections():
            section = self._fields(item) if isinstance(item, MappingNode) else {}
            if "intent" in section:
                yield from self._read_intent(item, section)
                continue
            kind = next((name for name in _OTHER_SECTIONS if name in section), None)
            if kind is None:
                self._reject_misspelling(section, _KEYS_OF_INTENTS, "intent")
            reason = _OTHER_SECTIONS[kind] if kind else "sections without an intent"
            self._reading.remarks.leave_out(reason, self._at(item))

    def _read_sections(self) -> Sequence[Node]:
        """Return the items under `nlu`."""
        text = self._file.read_text()
        self._lines = split_lines(text)
        if found := _CONTROL_CHARACTER.search(text):
            raise self._file.invalid(
                f"Line {count_lines(text[: found.start()])} contains the control character "
                f"U+{ord(found[0]):04X}, which YAML forbids. Remove it."
            )
        try:
            root = self._compose(self._hide_separators(text))
        except (yaml.YAMLError, RecursionError) as error:
            self._reject_markdown(text)
            platform = self._describe_documents() if _has_documents(error) else None
            raise self._file.invalid(platform or _describe_yaml_error(error)) from None
        fields = self._fields(root) if isinstance(root, MappingNode) else {}
        if "nlu" not in fields:
            self._reject_markdown(text)
            raise self._describe_other_file(fields)
        for name, node in fields.items():
            if name not in {"nlu", "version"}:
                self._reading.remarks.leave_out("keys beside nlu", self._at(node))
        sections = fields["nlu"]
        if isinstance(sections, SequenceNode):
            return list(sections.value)
        if isinstance(sections, ScalarNode) and sections.value in {"", "~", "null"}:
            return []
        raise InvalidExamples(f"{self._at(sections)}: nlu must be a list of intents.")

    def _compose(self, text: str) -> Node | None:
        """Return the root of a YAML text. Raise `yaml.YAMLError`, and `InvalidExamples`."""
        level = 0
        for event in yaml.parse(text, _LOADER):
            level += isinstance(event, CollectionStartEvent)
            level -= isinstance(event, CollectionEndEvent)
            if level > _MAX_LEVELS:
                raise self._file.invalid(
                    f"{_describe_place(event.start_mark)} nests more than {_MAX_LEVELS} levels of "
                    "lists and mappings. Put quotes around a text that begins with [ or {."
                )
        return yaml.compose(text, _LOADER)

    def _hide_separators(self, text: str) -> str:
        """Replace the characters that would end a line by ones that the file does not contain."""
        unused = (each for each in map(chr, _PRIVATE_USE) if each not in text)
        stand_ins = {ord(each): next(unused) for each in _SEPARATORS if each in text}
        self._separators = {ord(stand_in): chr(each) for each, stand_in in stand_ins.items()}
        return text.translate(stand_ins)

    def _read_intent(self, item: Node, section: Mapping[str, Node]) -> Iterator[LocatedExample]:
        self._reject_misspelling(section, _KEYS_OF_INTENTS, "examples")
        self._leave_out_keys(section, {"intent", "examples"})
        label = self._text(section["intent"], "intent").strip()
        if not label:
            self._reading.remarks.leave_out("intents without a name", self._at(item))
            return
        has_examples = False
        for text, location in self._read_texts(section.get("examples")):
            has_examples = True
            values = {"text": self._remove_entities(text, location), "label": label}
            if located := self._reading.accept(values, location):
                self._reading.note_quotes(located)
                yield located
        if not has_examples:
            if "examples" not in section:
                self._reject_unknown(section)
            self._reading.remarks.leave_out("intents without examples", self._at(item))

    def _read_texts(self, examples: Node | None) -> Iterator[tuple[str, Location]]:
        if isinstance(examples, SequenceNode):
            for item in examples.value:
                if isinstance(item, MappingNode):
                    fields = self._fields(item)
                    self._reject_misspelling(fields, _KEYS_OF_EXAMPLES, "text")
                    if "text" not in fields:
                        self._reading.remarks.leave_out("examples without text", self._at(item))
                        continue
                    self._leave_out_keys(fields, {"text"})
                    yield self._text(fields["text"], "text").strip(_STRIPPED), self._at(item)
                else:
                    yield self._text(item, "example").strip(_STRIPPED), self._at(item)
        elif examples is not None:
            yield from self._read_lines(examples)

    def _leave_out_keys(self, fields: Mapping[str, Node], read: Collection[str]) -> None:
        """Name the keys of an intent or an example that are not read."""
        for name in filter(None, list_unknown(fields, read)):
            self._reading.remarks.leave_out(
                f"keys that are not read: {name}", self._at(fields[name])
            )

    def _reject_unknown(self, section: Mapping[str, Node]) -> None:
        """Raise `InvalidExamples` where an intent without examples has a key that is not known."""
        for name in filter(None, list_unknown(section, _KEYS_OF_INTENTS)):
            raise self._describe_misspelling(section, Misspelling(name, "examples"))

    def _reject_misspelling(
        self, fields: Mapping[str, Node], known: Collection[str], meant: str
    ) -> None:
        """Raise `InvalidExamples` where a key that is not known seems to be another one."""
        if misspelling := find_misspelling(fields, known, {meant}, {}):
            raise self._describe_misspelling(fields, misspelling)

    def _describe_misspelling(
        self, fields: Mapping[str, Node], misspelling: Misspelling
    ) -> InvalidExamples:
        return InvalidExamples(
            f"{self._at(fields[misspelling.name])}: {misspelling.name} {misspelling.reason}."
        )

    def _read_lines(self, examples: Node) -> Iterator[tuple[str, Location]]:
        """Yield the text of each line that begins with a dash, as Rasa does."""
        text = self._text(examples, "examples")
        if isinstance(examples, ScalarNode) and examples.style == ">":
            raise InvalidExamples(
                f"{self._at(examples)}: `>` joins the lines of the examples. Write `examples: |`."
            )
        if not _is_literal(examples) and self._has_joined_lines(examples, text):
            raise InvalidExamples(
                f"{self._at(examples)}: YAML joins the lines of the examples. Write `examples: |`, "
                "without quotes around the examples."
            )
        first = examples.start_mark.line + 2 if _is_literal(examples) else None
        for offset, line in enumerate(text.split("\n")):
            location = self._at(examples) if first is None else self._line(first + offset)
            if line.startswith("-"):
                yield line[1:].strip(_STRIPPED), location
            elif line.strip():
                self._reading.remarks.leave_out("lines that do not begin with a dash", location)

    def _has_joined_lines(self, examples: Node, text: str) -> bool:
        """Return whether lines of the file that begin with a dash are no lines of a text.

        YAML joins the lines of a text with quotes, or without a sign such as `|`.
        """
        below = slice(examples.start_mark.line + 1, examples.end_mark.line + 1)
        written = [line for line in self._lines[below] if line.lstrip(" ").startswith("-")]
        read = [line for line in text.split("\n")[1:] if line.startswith("-")]
        return len(written) > len(read)

    def _remove_entities(self, text: str, location: Location) -> str:
        """Return a text without its entity annotations; raise `InvalidExamples` as Rasa does."""
        plain, count = _remove_entities(text, location)
        if count:
            self._reading.remarks.leave_out("entity annotations", location, count)
        return plain

    def _fields(self, mapping: MappingNode) -> dict[str, Node]:
        """Return the values of a mapping by key, with those of the mappings that `<<` names."""
        fields: dict[str, Node] = {}
        merged: dict[str, Node] = {}
        for key, value in mapping.value:
            if key.tag == _MERGE:
                for other in self._list_merged(value, mapping):
                    merged = {**self._fields(other), **merged}
                continue
            name = key.value if isinstance(key, ScalarNode) else ""
            if name in fields:
                raise InvalidExamples(f"{self._at(key)}: the same key appears twice. Join the two.")
            fields[name] = value
        return {**merged, **fields}

    def _list_merged(self, value: Node, mapping: MappingNode) -> Iterator[MappingNode]:
        """Yield the mappings that a key `<<` names. They end before the mapping that has it."""
        for other in value.value if isinstance(value, SequenceNode) else [value]:
            if not isinstance(other, MappingNode) or (
                other.start_mark.index <= mapping.start_mark.index < other.end_mark.index
            ):
                raise InvalidExamples(
                    f"{self._at(value)}: `<<` must name a mapping elsewhere in the file. Write its "
                    "keys here instead."
                )
            yield other

    def _text(self, node: Node, name: str) -> str:
        if not isinstance(node, ScalarNode):
            raise InvalidExamples(
                f"{self._at(node)}: {name} must be text. Put quotes around a text that begins "
                "with [ or {."
            )
        if node.tag == _NULL and node.value:
            raise InvalidExamples(
                f"{self._at(node)}: {name} is null, also written ~, which means no value in YAML. "
                "Put quotes around it if it is a text, or delete it."
            )
        return str(node.value).translate(self._separators)

    def _at(self, node: Node) -> Location:
        return self._line(node.start_mark.line + 1)

    def _line(self, number: int) -> Location:
        return self._file.location("line", number)

    def _reject_markdown(self, text: str) -> None:
        if _MARKDOWN.search(text):
            raise self._file.invalid(
                "It holds NLU data in Markdown, the format of Rasa 1. With Rasa 2, run "
                "`rasa data convert nlu -f yaml --data FILE --out FOLDER`."
            )
        if self._file.name.casefold().removesuffix(".gz").endswith(".md"):
            raise self._file.invalid(
                "It is a document in Markdown, which is read only if it is one of Rasa. Write the "
                'texts alone, in a file LABEL.txt for each label, or JSON lines: {"text": ..., '
                '"label": ...}.'
            )

    def _describe_platform(self) -> str | None:
        try:
            return describe_value(yaml.load(self._file.read_text(), Loader=_TextKeyLoader))  # noqa: S506
        except (yaml.YAMLError, ValueError):
            return None

    def _describe_documents(self) -> str | None:
        try:
            documents = yaml.load_all(self._file.read_text(), Loader=_TextKeyLoader)
            return describe_documents(list(documents))
        except (yaml.YAMLError, ValueError, RecursionError):
            return None

    def _describe_other_file(self, fields: Mapping[str, Node]) -> InvalidExamples:
        if platform := self._describe_platform():
            return self._file.invalid(platform)
        if misspelling := find_misspelling(fields, {"nlu", "version", *_OTHER_FILES}, {"nlu"}, {}):
            return self._file.invalid(f"It has no key nlu. Rename {misspelling.name} to nlu.")
        for name, description in _OTHER_FILES.items():
            if name in fields:
                return self._file.invalid(f"It {description}.")
        return self._file.invalid(
            "It has no key nlu. Convert the NLU data in YAML, usually data/nlu.yml."
        )


def _is_literal(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.style == "|"


class _Entity(NamedTuple):
    """An annotation in a text: where it starts and ends, the text in it, and its attributes."""

    start: int
    end: int
    text: str
    attributes: str


def _remove_entities(text: str, location: Location) -> tuple[str, int]:
    """Return a text without entity annotations, and their number."""
    plain, position, count = [], 0, 0
    for entity in _find_entities(text):
        closed = entity.attributes[: entity.attributes.rfind("}") + 1]
        for attributes in _ATTRIBUTES.findall(closed):
            _check_attributes(attributes, location)
        plain += [text[position : entity.start], entity.text]
        position, count = entity.end, count + 1
    return "".join([*plain, text[position:]]), count


def _find_entities(text: str) -> Iterator[_Entity]:
    """Yield `[x](type)`, `[x](type:value)`, `[x]{"entity": ...}` and `[x][{...}, {...}]`.

    These are the matches of Rasa's regular expression, whose time is quadratic in the brackets.
    """
    position = 0
    while (closed := text.find("]", position)) >= 0:
        start = text.find("[", position, max(closed - 1, position))
        end = _find_end(text, closed + 1) if start >= 0 else None
        if end is None:
            position = closed + 1
            continue
        attributes = "" if text[closed + 1] == "(" else text[closed + 1 : end]
        yield _Entity(start, end, text[start + 1 : closed], attributes)
        position = end


def _find_end(text: str, start: int) -> int | None:
    """Return where the type or the attributes end that start at a position, if any do."""
    match text[start : start + 1]:
        case "(":
            end = text.find(")", start)
            colon = text.find(":", start, max(end, start))
            return end + 1 if end > start + 1 and colon not in {start + 1, end - 1} else None
        case "{":
            end = text.find("}", start)
            return end + 1 if end > start + 1 else None
        case "[" if attributes := _LIST_OF_ATTRIBUTES.match(text, start):
            return _find_end_on_line(text, attributes.end())
    return None


def _find_end_on_line(text: str, start: int) -> int | None:
    """Return the position after the next closing bracket on the same line, if there is one."""
    end = text.find("]", start)
    return end + 1 if end >= 0 and "\n" not in text[start:end] else None


def _has_bracket_pairs(text: str) -> bool:
    """Return whether a text has `[a][b]`.

    Some versions of Rasa take this for an entity with a list of attributes, whatever the list.
    """
    position = 0
    while (closed := text.find("][", position)) >= 0:
        opened = text.find("[", text.rfind("]", position, closed) + 1 or position, closed - 1)
        if opened >= 0 and _find_end_on_line(text, closed + 2):
            return True
        position = closed + 1
    return False


def _check_attributes(attributes: str, location: Location) -> None:
    """Raise `InvalidExamples` where Rasa fails: on what is no JSON, or names no entity."""
    try:
        values = json.loads(attributes)
    except (ValueError, RecursionError):
        values = {}
    if not isinstance(values, dict) or not isinstance(values.get("entity"), str):
        raise InvalidExamples(
            f"{location}: the braces after the brackets are no entity. Rasa needs JSON in them: "
            '{"entity": "name"}.'
        )


def _has_documents(error: Exception) -> bool:
    """Return whether a file of YAML has several documents."""
    return isinstance(error, ComposerError) and error.problem == "but found another document"


def _describe_yaml_error(error: Exception) -> str:
    """Say where the YAML is wrong, without the quotation of the file in PyYAML's message."""
    if _has_documents(error):
        return "It has several YAML documents, separated by ---. Save each as a file of its own."
    place = _describe_place(getattr(error, "problem_mark", None))
    return (
        f"{place} is not valid YAML. Check the indentation, and put quotes around a text that "
        "contains ': ' or ' #', or begins with a special character."
    )


def _describe_place(mark: Any) -> str:
    """Return the line of a mark of PyYAML, where there is one."""
    return f"Line {mark.line + 1}" if mark else "It"
