"""What the words around the name of a secret say about it."""

import re
from string import ascii_letters, digits

from prompt_capture.domain.entities.searched import (
    MASK,
    Searched,
    context_before,
    split_capitals,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.entities.secrets.names import QUOTED, TOKEN, place
from prompt_capture.domain.entities.secrets.passphrases import Relation
from prompt_capture.domain.entities.secrets.values import PUNCTUATION
from prompt_capture.domain.patterns import any_of, lazy_pattern

_SETTER = lazy_pattern(
    r"""(?:define|[gs]etenv|putenv|env|environ\.get|get|set|setdefault|put|append|setitem|property
        |header|cookie|config|fill|type|env_var|envvar|parameter|store|save|insert)
        \(\ ?\\?["'][\w.-]*\Z""",
    re.VERBOSE,
)
# What begins a block of a program: "def get_password(self): ...", "for pw in passwords: ..."
_BLOCK = lazy_pattern(
    r"(?<![^ ;(,=])(?:def|lambda|while not|for [a-z_]{1,30} in) (?:[a-z_.]{0,40}[_.])?\Z"
)
# The value of an argument or an attribute: "login(user, password=password)", "self.key = key"
_PASSED_ON = lazy_pattern(r"[\w.]{0,40}?(?P<name>[a-z_]{2,30}) ?= ?(?P=name)(?![\w.-])")
_SERVICE = lazy_pattern(
    r"(?:[Yy]our|[Ii]hr|[Vv]otre|[Tt]u|[Ss]u|[Ii]l [Tt]uo|[Tt]wój) (?P<name>[A-Z][A-Za-z]+) \Z"
)
CONTEXT = 40
_CARD = lazy_pattern("karte|visa|mastercard|gultig bis")
# "Room 12, code 4711"
_NUMBERED_LOCK = lazy_pattern(
    rf"(?<![a-z])(?:{any_of(words.NUMBERED_LOCKS)}) [0-9]{{1,4}}(?: ?[,:-])? \Z"
)
_ATTEMPT = lazy_pattern(r"(?:failed|accepted|invalid|incorrect|wrong|bad) (?:[a-z]+[ /])?\Z")
# "user ann" before "pass VALUE". There "pass" may be a verb, so that the value has more signs.
_USER_BEFORE = lazy_pattern(
    rf"(?<![^ .,;:(\[-])(?:{any_of(words.USER)})[ :=]{{1,2}}(?P<name>[\w.@+-]{{2,40}}),? \Z"
)
_PASS_VALUE = lazy_pattern(
    r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])(?!-|[0-9]+-?[a-z]+\Z)[^ =(]{6,64}"
)
_PASS_OF_USER = lazy_pattern(
    r"(?=.*[0-9])(?=.*[A-Za-z])(?:(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9]{2})|(?=.*[!@#$%^&*]))"
    r"(?!-)[^ .=(]{6,64}"
)
LOCKS = frozenset(words.LOCKS)
_WORD_CHARACTERS = ascii_letters + digits
_NOT_IN_NAMES = lazy_pattern(r"[^\w-]+")
_WORD_AT_END = lazy_pattern(r"[^\W_]+\Z")
_OPTION_SIGNS = {"--", " -"}
_JOINERS = {" ", "_", "-"}
_BEFORE_WORDS = "\"'`([*_"


def names_a_secret(searched: Searched, head: re.Match[str], relation: Relation) -> bool:
    """Return whether the words around a name make it one of a secret: no "bus pass", "zip code"."""
    if (head["argument"] and not _is_argument(searched, head)) or (
        head["assigned"] and _is_of_a_program(searched.lower, head)
    ):
        return False
    if not (head["pass"] or head["key"] or head["code"] or head["password"] or head["pin"]):
        return True
    before = words_directly_before(searched, head.start())
    if head["pin"] or head["password"]:
        is_other = head["pin"] in words.CARD_CHECKS and not _is_of_a_card(searched.lower, head)
        return not is_other and before.isdisjoint(
            words.POSTAL_PINS if head["pin"] else words.POSTAL
        )
    if head["pass"]:
        is_option = searched.text[: head.start()][-2:] in _OPTION_SIGNS
        is_password = (
            is_option
            or not before.isdisjoint(words.SYSTEMS)
            or (relation == "next" and _is_pass_of_somebody(searched, head, before))
        )
        return (relation in {"assigned", "is"} or is_password) and before.isdisjoint(words.TICKETS)
    if head["key"]:
        return (
            not before.isdisjoint(words.KEY_KINDS)
            or is_for_a_network(head)
            or _is_of_a_network(searched, head)
        )
    return (
        bool(head["lock"])
        or not before.isdisjoint(LOCKS)
        or not before.isdisjoint(words.OWNERS if relation != "next" else words.OWNERS_WITHOUT_VERB)
        or (relation != "next" and head["qualifier"] in words.OWNERS)
        or (relation != "next" and _is_of_a_service(searched, head))
        or bool(_NUMBERED_LOCK.search(context_before(searched.lower, head.start(), CONTEXT)))
    )


def _is_of_a_card(lower: str, head: re.Match[str]) -> bool:
    """Return whether the words before a name, or before the entity before it, name a card."""
    before = context_before(lower, head.start(), CONTEXT)
    rest = lower[: head.start() - len(before)]
    if rest.endswith(MASK):
        rest = rest.rstrip(MASK)
        before = f"{context_before(rest, len(rest), CONTEXT)} {before}"
    return bool(_CARD.search(before))


def _is_of_a_program(lower: str, head: re.Match[str]) -> bool:
    """Return whether a name begins a block of a program, or its variable is passed on."""
    if _BLOCK.search(context_before(lower, head.start(), CONTEXT)):
        return True
    passed = _PASSED_ON.match(lower, head.start())
    if passed is None:
        return False
    is_attribute = lower[: head.start()].endswith(".")
    return is_attribute or lower[passed.end() :][:1] in {")", ","}


def _is_pass_of_somebody(searched: Searched, head: re.Match[str], before: frozenset[str]) -> bool:
    """Return whether "pass" is a user's password: "my pass Zebra12", "user ann pass ..."."""
    start, end = place(searched.text, head)
    quoted = QUOTED.match(searched.text, start, end)
    token = quoted or TOKEN.match(searched.text, start, end)
    if not token or head[0] != "pass ":
        return False
    value = quoted["value"] if quoted else token[0].rstrip(PUNCTUATION)
    if not before.isdisjoint(words.OWNERS_OF_PASS):
        return bool(_PASS_VALUE.fullmatch(value))
    user = _USER_BEFORE.search(context_before(searched.lower, head.start(), CONTEXT))
    return (
        user is not None
        and not words.is_common(user["name"])
        and user["name"] not in words.NO_USERS
        and bool(_PASS_OF_USER.fullmatch(value))
    )


def _is_argument(searched: Searched, head: re.Match[str]) -> bool:
    """Return whether a name is the first argument of a call that sets or reads a value."""
    before = context_before(searched.lower, head.start(), CONTEXT)
    return bool(_SETTER.search(before))


def _is_of_a_service(searched: Searched, head: re.Match[str]) -> bool:
    """Return whether a code is one that a service sent: "Your Example code is 1234"."""
    service = _SERVICE.search(context_before(searched.text, head.start(), CONTEXT))
    return service is not None and service["name"].lower() not in words.NO_SERVICES


def _is_of_a_network(searched: Searched, head: re.Match[str]) -> bool:
    """Return whether the words before a key name a network: "WLAN Fritz 7590, key ..."."""
    before = context_before(searched.lower, head.start(), CONTEXT)
    return not words.NETWORKS.isdisjoint(_NOT_IN_NAMES.split(before))


def is_for_a_network(head: re.Match[str]) -> bool:
    """Return whether the words behind a code or a key name a network: "the key for the wifi is"."""
    return not words.NETWORKS.isdisjoint(_NOT_IN_NAMES.split(head[0]))


def is_attempt(lower: str, head: re.Match[str]) -> bool:
    """Return whether a text is the log of a login: "Failed password for user ann42 from ..."."""
    is_of_somebody = " for " in head[0] or " from " in head[0]
    return is_of_somebody and bool(_ATTEMPT.search(context_before(lower, head.start(), CONTEXT)))


def words_directly_before(searched: Searched, position: int) -> frozenset[str]:
    """Return the word before a position, with a space or a hyphen between or nothing.

    Of a word with capitals and small letters, the last part is also returned: "pin" of "myPin".
    """
    before = searched.text[max(0, position - CONTEXT) : position]
    before = before[:-1] if before[-1:] in _JOINERS else before
    before = before.removesuffix("'s")
    word = before[len(before.rstrip(_WORD_CHARACTERS)) :]
    if not word and not before.isascii():
        found = _WORD_AT_END.search(before)
        word = found[0] if found else ""
    return frozenset({word.lower(), split_capitals(word).rpartition(" ")[2].lower()})


def words_before(lower: str, position: int) -> list[str]:
    return context_before(lower, position, CONTEXT).split()


def is_change(lower: str, head: re.Match[str]) -> bool:
    """Return whether the sentence changes a secret: "set the alarm code to 2580"."""
    before = words_before(lower, head.start())
    return not words.CHANGE.isdisjoint(word.lstrip(_BEFORE_WORDS) for word in before)
