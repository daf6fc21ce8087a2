"""Which relations a SQL script creates and drops.

Tables, views and sequences share one space of names, and PostgreSQL calls them relations. The
scanner reads the tokens of PostgreSQL, so that it takes nothing in a comment, a string or a
function for a statement. It does not see what a `do` block does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<skipped> \s++ | --[^\n]*+ | \\[^\n]*+ )             # \ begins a command of psql
    | (?P<comment> /\* )
    | (?P<dollar> \$(?:[^\W\d]\w*)?\$ )
    | (?P<string> [eE]'(?:[^'\\]|\\.|'')*+(?:'|\Z) | '(?:[^']|'')*+(?:'|\Z) )
    | "(?P<quoted> (?:[^"]|"")*+ )(?:"|\Z)
    | (?P<word> [^\W\d][\w$]*+ )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")

_KINDS = frozenset({"table", "view", "sequence"})
_MODIFIERS = frozenset(
    {"or", "replace", "unlogged", "foreign", "materialized", "recursive", "if", "not", "exists"}
    | {"only"}
)
_QUOTED = '"'
"""Begins a quoted name among the tokens, which is no keyword."""

_DEFAULT_SCHEMA = "public"


@dataclass(frozen=True)
class RelationChange:
    """A statement that creates a relation, or else drops it. Its name has a schema."""

    relation: str
    is_created: bool


def find_relation_changes(sql: str) -> Iterator[RelationChange]:
    """Yield what the statements of a script create and drop, in order.

    A name without a schema belongs to `public`. Temporary tables are left out. A relation that gets
    another name or schema is dropped and created.
    """
    for statement in _split_statements(sql):
        match statement[0]:
            case "create":
                yield from _creations(statement[1:])
            case "drop":
                yield from _drops(statement[1:])
            case "alter":
                yield from _moves(statement[1:])


def _split_statements(sql: str) -> Iterator[list[str]]:
    """Yield the tokens of each statement: words in lower case, and quoted names with a quote."""
    statement: list[str] = []
    for token in _tokens(sql):
        match token:
            case ";" if statement:
                yield statement
                statement = []
            case ";":
                continue
            case _:
                statement.append(token)
    if statement:
        yield statement


def _tokens(sql: str) -> Iterator[str]:
    position = 0
    while token := _TOKEN.match(sql, position):
        position = token.end()
        match token.lastgroup:
            case "comment":
                position = _end_of_comment(sql, position)
            case "dollar":
                end = sql.find(token[0], position)
                position = len(sql) if end < 0 else end + len(token[0])
                yield "''"
            case "string":
                yield "''"
            case "quoted":
                yield _QUOTED + token["quoted"].replace('""', '"')
            case "word":
                yield token[0].lower()
            case "other":
                yield token[0]


def _end_of_comment(sql: str, position: int) -> int:
    """Return where a comment ends. Comments of PostgreSQL contain others."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(sql, position):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    return len(sql)


def _creations(tokens: Sequence[str]) -> Iterator[RelationChange]:
    if (found := _find_name(tokens)) is not None:
        yield RelationChange(found[0], is_created=True)


def _drops(tokens: Sequence[str]) -> Iterator[RelationChange]:
    found = _find_name(tokens)
    while found is not None:
        name, rest = found
        yield RelationChange(name, is_created=False)
        found = _read_name(rest[1:]) if rest[:1] == [","] else None


def _moves(tokens: Sequence[str]) -> Iterator[RelationChange]:
    if (found := _find_name(tokens)) is None:
        return
    name, rest = found
    schema, _, relation = name.partition(".")
    match rest:
        case ["rename", "to", new]:
            moved = f"{schema}.{new.removeprefix(_QUOTED)}"
        case ["set", "schema", new]:
            moved = f"{new.removeprefix(_QUOTED)}.{relation}"
        case _:
            return
    yield RelationChange(name, is_created=False)
    yield RelationChange(moved, is_created=True)


def _find_name(tokens: Sequence[str]) -> tuple[str, Sequence[str]] | None:
    """Return the name of the relation that a statement is about, and the tokens after it."""
    for index, token in enumerate(tokens):
        if token in _KINDS:
            rest = [*tokens[index + 1 :]]
            while rest and rest[0] in _MODIFIERS:
                rest.pop(0)
            return _read_name(rest)
        if token not in _MODIFIERS:
            return None
    return None


def _read_name(tokens: Sequence[str]) -> tuple[str, Sequence[str]] | None:
    if not tokens:
        return None
    parts = [tokens[0]]
    while tokens[2 * len(parts) - 1 : 2 * len(parts)] == ["."] and len(tokens) > 2 * len(parts):
        parts.append(tokens[2 * len(parts)])
    names = [part.removeprefix(_QUOTED) for part in parts]
    schema = names[-2] if len(names) > 1 else _DEFAULT_SCHEMA
    return f"{schema}.{names[-1]}", tokens[2 * len(parts) - 1 :]
