"""Patterns are built when they are first used, so that functions start fast."""

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import cast

import pytest

from prompt_capture.domain import entities, patterns
from prompt_capture.domain.entities.searched import NamePattern
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.patterns import any_field_of, any_of, lazy_pattern
from prompt_capture.domain.searchable_text import SearchableText

MAX_PATTERNS = 30
"""Patterns that an ordinary message may need."""
MIN_PATTERNS = 400
"""Patterns that redaction has at least."""
_COUNT_PATTERNS = """
import re, sys
callers, compile_now = [], re.compile
def count(*arguments, **options):
    callers.append(sys._getframe(1).f_globals["__name__"])
    return compile_now(*arguments, **options)
re.compile = count
from prompt_capture.domain.redaction import redact
of_entities = [caller for caller in callers if "prompt_capture.domain.entities" in caller]
before = len(callers)
redact("Could you move my meeting with the team to Friday, please? The 9 o'clock one.")
print(len(of_entities), len(callers) - before, "stdnum" in sys.modules)
"""


def test_a_start_and_an_ordinary_message_need_few_patterns_and_no_check_digits() -> None:
    command = [sys.executable, "-c", _COUNT_PATTERNS]
    counted = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    at_import, for_message, has_stdnum = counted
    assert at_import == "0"
    assert int(for_message) <= MAX_PATTERNS
    assert has_stdnum == "False"


def patterns_in(value: object) -> Iterator[re.Pattern[str]]:
    """Return the lazy patterns that a value is, has or contains."""
    if isinstance(value, patterns._LazyPattern):
        yield cast("re.Pattern[str]", value)
    elif isinstance(value, NamePattern):
        yield from patterns_in(list(vars(value).values()))
    elif isinstance(value, dict | tuple | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from patterns_in(each)


def test_every_pattern_of_redaction_can_be_compiled() -> None:
    import_module("prompt_capture.domain.redaction")
    modules = [name for name in sys.modules if name.startswith(f"{entities.__name__}.")]
    lazy = list(patterns_in([vars(sys.modules[name]) for name in modules]))
    assert len(lazy) > MIN_PATTERNS
    for pattern in lazy:
        assert pattern.groups >= 0


def test_a_pattern_is_compiled_at_its_first_use() -> None:
    pattern = lazy_pattern("(")
    with pytest.raises(re.error):
        pattern.search("text")


def test_a_lazy_pattern_has_what_a_compiled_one_has() -> None:
    pattern = lazy_pattern("b(?P<letter>.)", re.IGNORECASE)
    match = pattern.search("aBc")
    assert match is not None
    assert match["letter"] == "c"
    assert pattern.sub("-", "aBc") == "a-"
    assert pattern.groupindex == {"letter": 1}
    assert pattern.pattern == "b(?P<letter>.)"


def test_the_longest_name_is_found() -> None:
    name = lazy_pattern(any_of(["pin", "pin code", "pins", "p.i.n"]))
    found = [match[0] for match in name.finditer("pin, pins, pin code, p.i.n, pxixn")]
    assert found == ["pin", "pins", "pin code", "p.i.n"]


def test_names_with_spaces_also_stand_in_verbose_patterns() -> None:
    assert lazy_pattern(any_of(["pin code"]), re.VERBOSE).fullmatch("pin code")


def test_names_of_fields_have_any_joint() -> None:
    field = lazy_pattern(any_field_of(["date of birth", "dob", "date-of-birth"]))
    for name in ("date of birth", "date_of_birth", "dateofbirth", "date-of-birth", "dob"):
        assert field.fullmatch(name)


def test_a_pattern_may_be_a_part_of_others() -> None:
    number = lazy_pattern(rf"{any_of(['no', 'number'])}\.?")
    assert lazy_pattern(rf"card {number.pattern} [0-9]+").fullmatch("card no. 12")


def test_names_outside_of_a_lazy_pattern_are_an_error() -> None:
    with pytest.raises(re.error):
        re.compile(any_of(["pin"]))


def test_names_are_their_own_searched_form() -> None:
    lists = [each for each in vars(words).values() if isinstance(each, tuple | frozenset)]
    assert len(lists) > 50
    for name in {name for each in lists for name in each}:
        assert SearchableText(name).searched == name
