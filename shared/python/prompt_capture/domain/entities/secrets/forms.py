"""Which words and signs behind the name of a secret are its value."""

import re

from prompt_capture.domain.entities.candidates import REFERENCES, YEAR_NUMBER, is_amount
from prompt_capture.domain.entities.searched import (
    NOT_BEFORE_WORD,
    Searched,
    name_set,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.entities.secrets.columns import RULER
from prompt_capture.domain.entities.secrets.contexts import (
    CONTEXT,
    is_attempt,
    is_change,
    is_for_a_network,
    words_directly_before,
)
from prompt_capture.domain.entities.secrets.logins import looks_like_password
from prompt_capture.domain.entities.secrets.names import (
    POINT,
    QUOTED,
    TOKEN,
    ends_with_conjunction,
    is_plural,
    is_polish,
    names_a_key,
    place,
    relation_to_value,
)
from prompt_capture.domain.entities.secrets.passphrases import (
    Relation,
    find_passphrase,
    find_seed_phrase,
    find_sentence,
    find_spelled_digits,
    is_clause,
    is_state,
)
from prompt_capture.domain.entities.secrets.values import (
    ADDRESS,
    MASK_OR_NOTE,
    NO_VALUE,
    PUNCTUATION,
    VARIABLE,
)
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_COUNTED = lazy_pattern(r"[^\x00-\x7f]+[0-9]{1,3}[^\x00-\x7f]")
# How long a password has to be: "at least 8 characters", "8 to 64 characters".
_LENGTH = lazy_pattern(
    rf"(?:{any_of(words.LIMITS)} )?[0-9]{{1,3}}"
    rf"(?: ?(?:-|to|and|bis|und|a|et|y|e|en|do|i|до) ?[0-9]{{1,3}})?[ -]{any_of(words.CHARACTERS)}"
    rf"{NOT_BEFORE_WORD}",
)
_BRACKETED_WORDS = lazy_pattern(r"\([a-z]{1,20}(?:[ -][a-z]{1,20}){1,5}\)")
_OWNERS_OF_NUMBERS = REFERENCES | name_set(
    "user users account accounts id room nutzer benutzer kunde kunden konto zimmer"
)
_CLOSING_MARKS = lazy_pattern(r"(?<![*_~])(?P<marks>\*{1,3}|_{1,3}|~~)[.,;:!?)\]]*\Z")
# 'is the password "optional"?'
_ASKED = lazy_pattern(r"\b(?:is|are|ist|est)(?: (?:the|a|das|die|le))? \Z")
# What begins the next field: "&x=1", ";Encrypt=true".
_NEXT_FIELD = lazy_pattern(r"[&;,|](?=[\w.-]{1,40}=)|;\Z|%26(?=[\w.-]{1,40}%3[Dd])")
# A field without a value, whose next word names another one: "DB_PASSWORD= DB_HOST=localhost",
# "Password: Phone: ...". A name of one word has no digits.
_FIELD_NAME = r"(?:[A-Za-z]+|[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)+)"
_NEXT_FIELDS = {
    "=": lazy_pattern(rf"(?:export |ENV |SET )?{_FIELD_NAME} ?=(?!=)"),
    ":": lazy_pattern(rf"{_FIELD_NAME}:(?: |\Z)"),
}
_LETTERS_FIRST = lazy_pattern(r"[^\W\d_]+")
# A word that is no key.
_PLAIN_WORD = lazy_pattern(r"(?P<word>[A-Za-z][a-z]{0,18})[.,;:?)]*(?: |\Z)")
_CODE_END = lazy_pattern("[,;|/]")
_BEHIND_CODE = f"{PUNCTUATION}!~_="
"""What follows a code, and is no part of it. A password may end with these signs."""
_NUMBERED = lazy_pattern("#[0-9]+")
_TICKET = lazy_pattern("[A-Z]{2,10}-?[0-9]{2,}")
# What may follow a dash, besides letters with digits: a number, or a sign within a word.
_BEHIND_DASH = lazy_pattern(r"(?!(?:19|20)[0-9]{2}\Z)[0-9]{4,}|[^ (]*[A-Za-z][#$%^&*~!?][^ ]+")
# Names of methods and versions: "password sha256", "token (OAuth2)"
_STANDARD = lazy_pattern(
    r"(?:sha|md|utf|aes|rsa|rfc|ipv|oauth|wpa|base|argon|pbkdf|ed|[hr]s|v|ver|version|level)"
    r"[-_]?[0-9]{1,5}(?:[a-z]{1,2})?|2fa"
)
# What another field or an attribute assigns: "password epoch=1772611200", "<password type=".
_ASSIGNMENT = lazy_pattern(r"[A-Za-z_][\w.-]*=[^=].*|[A-Za-z]+=")
_NAMED_AGAIN = lazy_pattern(
    r"(?i:[a-z_.-]*(?:pass|passwd|password|passphrase|pwd|pw|pin|token|secret|key)=)"
)
# Groups of a recovery code: "7QXM 93JS BW7Q"
_MIXED_GROUP = lazy_pattern(r"(?=[A-Z]*[0-9])(?=[0-9]*[A-Z])[A-Z0-9]{4,8}")
# "the token in commit e58a0c2"
_OF_GIT = name_set("commit commits revision rev branch tag merge")
_HASH = lazy_pattern("[0-9a-f]{7,40}")
_NEXT_MIXED_GROUP = lazy_pattern(r" ([A-Z0-9]{4,8})(?![^ ,.;!?)\]\"'`*_~])")
_MAX_GROUPS = 16
NOT_A_WORD = lazy_pattern(r"[0-9]|[a-z][A-Z]|[^\W_][^\w\s'./,!-]|[^\w\s'./,(-][^\W_]")
_CODE = lazy_pattern(r"(?=[^0-9]*[0-9])(?:[A-Za-z0-9#*-]{1,32}|[A-Za-z\u0400-\u04ff0-9#*-]{1,16})")
_DIGITS = lazy_pattern(r"[0-9#*]{1,10}|[0-9]+(?:-[0-9]+)+")
SENT_CODE = lazy_pattern(rf"{_DIGITS.pattern}|[0-9]{{3}} [0-9]{{3}}")
_WORD = lazy_pattern(r"[\w.+/=~-]{6,}")
_KEY = lazy_pattern(
    r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[^ (]{6,}|[0-9]{6,}"
    r"|[A-Za-z]{20,}|[0-9]{4,8}(?:-[0-9]{4,8}){3,}"
)
# "she pins 4711 to the board"
_TO_A_BOARD = lazy_pattern(r" (?:on)?to (?:the|a|an|my|our|your|his|her)\b")
_NEXT_GROUP = lazy_pattern(r" ([0-9]{1,8})(?![^ ,.;!?)\]\"'`*_~])")
# A digit behind groups of two or more, which ends the clause: "19 42 7".
_LAST_DIGIT = lazy_pattern(
    r"""\ [0-9](?:[.,;!?)\]"'`*_~]*\Z|[.,;!?)\]"'`*_~]+(?:\ (?![0-9])|(?=[^\x00-\x7f]))
        |\ (?=[|:;#(]+(?![0-9]))|\ (?P<word>[a-z]++)(?!'))""",
    re.VERBOSE,
)
MIN_DIGITS, _MAX_SENT, _MAX_CODE = 3, 6, 20
_MIN_PASSWORD = 6


def is_before_no_value(text: str, head: re.Match[str], relation: Relation) -> bool:
    """Return whether the word behind a name shows that no value follows: "password for the"."""
    plain = _PLAIN_WORD.match(text, head.end())
    if not plain or head["seed"]:
        return False
    word = plain["word"].lower()
    if relation not in {"next", "is"} or word in words.NUMBER_WORDS:
        return False
    return (
        relation == "next"
        or not (head["password"] or head["pass"])
        or word in words.FUNCTION_WORDS
        or (is_state(word) and word not in words.ADJECTIVES)
    )


def find_value(searched: Searched, head: re.Match[str], relation: Relation) -> Span | None:
    start, end = place(searched.text, head)
    text, lower = searched.text[:end], searched.lower[:end]
    point = head["assigned"] and is_plural(searched.lower, head) and POINT.match(text, start)
    start = point.end() if point else start
    if _LENGTH.match(lower, start):
        return None
    token = TOKEN.match(text, start)
    if not token:
        return _quoted_span(searched, head, start)
    value = trim(head, _without_marks(searched.text, head, token[0]))
    are_years = (
        head["old"] and _are_years(head["old"], value) and not is_change(searched.lower, head)
    )
    if are_years or _is_no_value(value) or _is_next_field(text, head, start):
        return None
    is_apart = head["dash"] or head["emoji"] or (head["count"] and head["pin"]) or point
    is_other = is_apart and not _may_stand_apart(head, value)
    if is_other or (relation == "next" and _is_no_next_value(searched, head, value)):
        return None
    if not names_a_key(head) and not NOT_A_WORD.search(value):
        return _words_span(searched, head, (start, end), relation)
    return _token_span(searched, head, (start, end), value)


def _without_marks(text: str, head: re.Match[str], token: str) -> str:
    """Return a token without the marks that opened before its name: "**PIN: 4711**"."""
    closing = _CLOSING_MARKS.search(token)
    if not closing:
        return token
    before = text[max(0, head.start() - CONTEXT) : head.start() + 1]
    behind_opening = before.rpartition(closing["marks"])[2]
    is_open = len(behind_opening) < len(before) and not behind_opening.startswith(" ")
    return token[: closing.start()] if is_open else token


def _is_no_value(value: str) -> bool:
    """Return whether a value is none of any secret: a time, a variable, "at least 8 characters"."""
    is_other = not value.isalpha() and NO_VALUE.fullmatch(value)
    return not value or bool(is_other or _COUNTED.match(value) or MASK_OR_NOTE.fullmatch(value))


def _is_next_field(text: str, head: re.Match[str], start: int) -> bool:
    """Return whether a field has no value, and the name of the next field follows."""
    if head["assigned"] and _NAMED_AGAIN.match(text, start):
        return True  # "passphrase in the file: wpa_passphrase=..."
    if head[0].rstrip(" ").endswith("|") and RULER.search(text, start):
        return True  # the next column of a header
    next_fields = _NEXT_FIELDS.get(head["assigned"] or "")
    name = next_fields.match(text, start) if next_fields and text[start - 1] == " " else None
    if not name:
        return False
    behind = _LETTERS_FIRST.match(text, name.end())  # "password: tiger: please keep it"
    return not behind or behind[0].lower() not in words.OPENINGS


def _may_stand_apart(head: re.Match[str], value: str) -> bool:
    """Return whether a value is no word, ticket or count: behind a dash or an emoji, in a list."""
    if head["pin"] or head["code"]:
        return not head["count"] or value.isdigit()
    if _TICKET.fullmatch(value):
        return False
    if names_a_key(head):
        return bool(_KEY.fullmatch(value))
    return bool(_BEHIND_DASH.fullmatch(value)) or (
        len(value) >= _MIN_PASSWORD and looks_like_password(value)
    )


def _are_years(first: str, last: str) -> bool:
    """Return whether a range is one of years: "the code from 2019 to 2024"."""
    return bool(YEAR_NUMBER.fullmatch(first) and YEAR_NUMBER.fullmatch(last))


def trim(head: re.Match[str], token: str) -> str:
    """Return the value that a token begins with, without what follows it in a document."""
    value = _NEXT_FIELD.split(token, maxsplit=1)[0].rstrip(PUNCTUATION)
    if head["pin"] or head["code"]:
        return _CODE_END.split(value, maxsplit=1)[0].rstrip(_BEHIND_CODE)
    return value


def _is_no_next_value(searched: Searched, head: re.Match[str], value: str) -> bool:
    """Return whether a word behind a name is none of its values: "password for user 4242"."""
    last_word = head[0].rsplit(" ", 2)[-2] if head[0].count(" ") > 1 else ""
    is_number = value.isdigit() or _NUMBERED.fullmatch(value)
    return bool(
        ADDRESS.fullmatch(value)
        or _is_next_row(searched.text, head, value)
        or _STANDARD.fullmatch(value.lower())
        or _ASSIGNMENT.fullmatch(value)
        or _is_of_a_board(head, value)
        or (head["pin"] == "pins" and _TO_A_BOARD.match(searched.lower, head.end() + len(value)))
        or (is_number and last_word in _OWNERS_OF_NUMBERS)
        or (last_word in _OF_GIT and _HASH.fullmatch(value))
        or is_attempt(searched.lower, head)
    )


def _is_next_row(text: str, head: re.Match[str], value: str) -> bool:
    """Return whether a name is the last one of a header: "user,password" above "ann,hunter22"."""
    divider = text[head.start() - 1 : head.start()]
    return divider in {",", ";"} and divider in value


def _quoted_span(searched: Searched, head: re.Match[str], start: int) -> Span | None:
    quoted = QUOTED.match(searched.text, start)
    if (
        not quoted
        or quoted["value"].lower() in words.TYPES
        or VARIABLE.fullmatch(quoted["value"])
        or MASK_OR_NOTE.fullmatch(quoted["value"])
        or (
            _ASKED.search(searched.lower, max(0, head.start() - 12), head.start())
            and words.is_common(quoted["value"])
        )
        or (head["argument"] and _is_label(quoted["value"]))
        or (relation_to_value(head) == "next" and is_clause(quoted["value"]))
        or (names_a_key(head) and not has_form(searched, head, quoted["value"].replace("(", "")))
    ):
        return None
    return quoted.span("value")


def _is_label(argument: str) -> bool:
    """Return whether the second argument of a call is a text about a secret: "Enter a password"."""
    word = argument.lower()
    return words.is_common(word) or word in words.PASSWORD or (" " in word and word.isascii())


def has_form(searched: Searched, head: re.Match[str], value: str) -> bool:
    """Return whether a value that is no word has the form of what the sentence names."""
    if names_a_key(head):
        is_word = _WORD.fullmatch(value) and not words.is_common(value)
        return bool(((head["assigned"] or head["argument"]) and is_word) or _KEY.fullmatch(value))
    if (
        head["to"]
        and not is_polish(head)
        and (head["pin"] or head["code"] or value.isdigit())
        and not is_change(searched.lower, head)
    ):
        return False
    if head["code"] and _KEY.fullmatch(value):
        before = words_directly_before(searched, head.start())
        if is_for_a_network(head) or not before.isdisjoint(words.NETWORKS):
            return True
    if head["code"] and not head["lock"]:
        before = words_directly_before(searched, head.start())
        if head["qualifier"] in words.OWNERS or not before.isdisjoint(words.OWNERS):
            return len(value) > MIN_DIGITS and bool(_DIGITS.fullmatch(value))
    if head["code"] or head["pin"]:
        is_other = _is_year_of_goals(searched.lower, head, value)
        return bool(_CODE.fullmatch(value)) and not (
            is_other or _is_of_a_bank(searched, head, value)
        )
    return True


def _is_of_a_bank(searched: Searched, head: re.Match[str], value: str) -> bool:
    """Return whether a code is the number of a bank: "bank code 37040044"."""
    return len(value) > _MAX_SENT and "bank" in words_directly_before(searched, head.start())


def _is_of_a_board(head: re.Match[str], value: str) -> bool:
    """Return whether a pin is a contact or a needle: "pin D4", "pins 17 27 22"."""
    if not (head["pin"] or "").startswith("pin"):
        return False
    digits = sum(map(str.isdigit, value))
    if head["pin"] == "pins":
        return digits <= MIN_DIGITS
    return digits < MIN_DIGITS and not value.isdigit()


def _is_year_of_goals(lower: str, head: re.Match[str], value: str) -> bool:
    """Return whether "pin" may be a verb or a badge: "pin 2026 goals", "the pin says 1987"."""
    if relation_to_value(head) != "next" or not YEAR_NUMBER.fullmatch(value):
        return False
    is_apart = head["pin"] and head[0].strip() != head["pin"]
    after = lower[head.end() + len(value) :][:2]
    return bool(is_apart or after[1:].isalpha())


def _token_span(searched: Searched, head: re.Match[str], place: Span, value: str) -> Span | None:
    """Return the span of a value that is no word, with the groups of digits that continue it."""
    lower, start, end = searched.lower[: place[1]], place[0], place[0] + len(value)
    if not has_form(searched, head, value):
        return None
    if not value.isdigit():
        return start, _end_of_groups(searched.text, end, value)
    group = _NEXT_GROUP.match(lower, end)
    while group and len(group[1]) in {len(value), len(value) + 1} and end - start < _MAX_CODE:
        end = group.end()
        group = _NEXT_GROUP.match(lower, end)
    last = _LAST_DIGIT.match(lower, end) if " " in lower[start:end] else None
    if last and (not last["word"] or last["word"] in words.CONJUNCTIONS):
        end += 2
    is_short = sum(map(str.isdigit, lower[start:end])) < MIN_DIGITS
    if is_amount(lower, end) or (is_short and not (head["assigned"] and head["password"])):
        return None
    return start, end


def _end_of_groups(text: str, end: int, value: str) -> int:
    """Return the end of a code with the groups of capitals and digits that continue it."""
    if not _MIXED_GROUP.fullmatch(value):
        return end
    for _ in range(_MAX_GROUPS):
        group = _NEXT_MIXED_GROUP.match(text, end)
        if not group or len(group[1]) != len(value):
            break
        end = group.end(1)
    return end


def _words_span(
    searched: Searched, head: re.Match[str], place: Span, relation: Relation
) -> Span | None:
    """Return the span of a value of words: a passphrase, or digits that are spelled out."""
    start, lower = place[0], searched.lower[: place[1]]
    spelled = find_spelled_digits(lower, start)
    if spelled or not (head["password"] or head["pass"]):
        return spelled
    if ends_with_conjunction(searched, head):
        return None
    if relation == "assigned" and _BRACKETED_WORDS.match(lower, head.end() - 1):
        return None  # a remark: "Password: (leave empty)"
    if head["seed"]:
        return find_seed_phrase(lower, start)
    is_by_chance = head["changed"] and not NOT_A_WORD.search(head["old"])  # "from time to time"
    if relation == "to" and (is_by_chance or not is_change(lower, head)):
        return None
    is_phrase = relation == "assigned" and head["password"] in words.PHRASE
    sentence = find_sentence(lower, start) if is_phrase else None
    return sentence or find_passphrase(lower, start, relation, head["is"] or "")
