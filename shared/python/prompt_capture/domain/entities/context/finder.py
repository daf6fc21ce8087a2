"""Find the secrets, numbers and dates of birth that no rule knows, by the words around them."""

import re
from collections.abc import Collection
from itertools import pairwise

from prompt_capture.domain.entities.candidates import (
    YEAR_NUMBER,
    is_amount,
    is_named,
    is_reference,
)
from prompt_capture.domain.entities.context.candidates import (
    find_candidates,
    possible_types,
    url_around,
)
from prompt_capture.domain.entities.context.features import (
    Context,
    context_of,
    parts_of,
)
from prompt_capture.domain.entities.context.model import load_model
from prompt_capture.domain.entities.searched import Searched, merge, name_set
from prompt_capture.domain.entities.secrets.passphrases import is_clause
from prompt_capture.domain.entities.secrets.tokens import is_public
from prompt_capture.domain.entities.secrets.values import MASK_OR_NOTE, NO_VALUE
from prompt_capture.domain.entity_types import EntityType
from prompt_capture.domain.patterns import lazy_pattern
from prompt_capture.domain.searchable_text import Span

# What masks the rest of a number: "4821 **** **** 4821"
_MASKED_BEHIND = ("**", " **", " xxxx", " XXXX", "-xxxx", "-XXXX")
# An address, a colour, a number or a constant of a program, the form of a date, the name of a
# password, what begins or ends a key
_NO_SECRET = lazy_pattern(
    r"""[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\#(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{6}|0[xX][0-9A-Fa-f]{1,16}
        |(?i:(?:dd|mm|yy(?:yy)?|[-.])+)
        |(?i:anonymous)|(?i:[a-z]+-)*(?i:passwort|password|kennwort|pin|code)
        |[A-Z]{2,}(?:_[A-Z]{2,}){2,}|-+(?:BEGIN|END)""",
    re.VERBOSE,
)
# The rest of a masked or a larger number, a port
_NO_SECRET_FOLLOWS = lazy_pattern(
    r"(?:\*\*\ ?|xxxx[ -]|[0-9],|(?:[a-z0-9-]\.[a-z]{2,8}|\.[0-9]{1,3}|\x7f|localhost):)\Z"
)
_NUMBERED_THINGS = name_set(
    """contract claim policy order orders invoice customer booking reservation model modell modele
    serial article artikel item product parcel tracking shipment case reference ref refund
    vertrag auftrag bestellung rechnung kunde kundennummer auftragsnummer bestellnummer
    rechnungsnummer vertragsnummer commande facture contrat pedido factura contrato ordine fattura
    contratto bestelling factuur zamowienie faktura umowa siparis fatura заказ договор счет"""
)
"""Things whose numbers open nothing, where their word stands directly before a number."""
_BIC = lazy_pattern("[A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_BIC_NAMES = lazy_pattern("(?<![a-z])(?:bic|swift)(?![a-z])")
_SHORT_HASH = lazy_pattern("[0-9a-f]{7,12}")
_COMMIT = lazy_pattern(r"(?<![a-z])(?:commits?|revision|rev|sha) \Z")
_MAX_COMMIT = 10
_YEAR_FOLLOWS = tuple(
    f" {word} " for word in ("in", "since", "year", "seit", "jahr", "depuis", "desde", "ano", "dal")
)
_MAX_DOMAIN = 12
# How many there are of something: "phones: 1234567"
_COUNTED = ("phones: ", "calls: ", "accounts: ", "users: ")
_MIN_NUMBER_DIGITS = 5
"""Digits of a number that is no secret."""
_CHARACTER = lazy_pattern("[A-Za-z0-9]")
_JOINT = lazy_pattern(r"[^a-z0-9\x7f]{1,4}(?:(?:and|or|und|oder|et|y|e)[ ]|[0-9]{1,2}[.)][ ])?")
# An area code in brackets: "(11) "
_AREA = lazy_pattern(r"\([0-9]{1,5}\) ?\Z")
_MAX_AREA = 8
_URLS: frozenset[EntityType] = frozenset({"url"})


def find_by_context(
    searched: Searched, allowed: Collection[EntityType]
) -> dict[EntityType, list[Span]]:
    """Find the entities of the allowed types that the model recognises."""
    typed: dict[Span, EntityType | None] = {}
    for candidate in find_candidates(searched):
        url = url_around(searched, candidate)
        types = _URLS if url else possible_types(searched.lower[slice(*candidate)])
        entity_type = _type_of(searched, candidate, types.intersection(allowed))
        span = url or (
            _with_area(searched.text, candidate) if entity_type == "phone" else candidate
        )
        typed[span] = entity_type or typed.get(span)
    found: dict[EntityType, list[Span]] = {}
    for span, entity_type in _with_neighbours(searched, typed).items():
        if entity_type:
            found.setdefault(entity_type, []).append(span)
    return {entity_type: merge(spans) for entity_type, spans in found.items()}


def _with_area(text: str, span: Span) -> Span:
    """Return the span of a phone number with the area code in brackets before it."""
    area = _AREA.search(text, max(0, span[0] - _MAX_AREA), span[0])
    return (area.start() if area else span[0], span[1])


def _with_neighbours(
    searched: Searched, typed: dict[Span, EntityType | None]
) -> dict[Span, EntityType | None]:
    """Return the types of candidates, of a list also those of neighbours with the same form."""
    if not any(typed.values()):
        return typed
    pairs = [
        (first, second)
        for first, second in pairwise(typed)
        if _are_of_a_list(searched, first, second)
    ]
    for first, second in [*pairs, *((second, first) for first, second in reversed(pairs))]:
        typed[second] = typed[second] or typed[first]
    return typed


def _are_of_a_list(searched: Searched, first: Span, second: Span) -> bool:
    """Return whether nothing but signs or a conjunction is between two candidates of one form."""
    between = searched.lower[first[1] : second[0]]
    forms = {_form_of(searched.text[slice(*span)]) for span in (first, second)}
    return len(forms) == 1 and bool(_JOINT.fullmatch(between))


def _form_of(value: str) -> tuple[str, bool, bool]:
    """Return the signs of a value and the places of its characters, and which kinds it has."""
    form = _CHARACTER.sub("x", value)
    return form, any(map(str.isdigit, value)), any(map(str.isalpha, value))


def _type_of(searched: Searched, span: Span, allowed: frozenset[EntityType]) -> EntityType | None:
    start, end = span
    context = context_of(searched.text, searched.lower, start, end)
    entity_type = searched.recall(_classify, (context, allowed)) if allowed else None
    if entity_type and _is_something_else(searched, start, end, entity_type):
        return None
    return entity_type


def _classify(candidate: tuple[Context, frozenset[EntityType]]) -> EntityType | None:
    context, allowed = candidate
    return load_model().classify(parts_of(*context), allowed)


def _is_of_a_thing(searched: Searched, start: int, value: str) -> bool:
    """Return whether a candidate is the number of a contract or the like, a bank, or a commit."""
    is_numbered = is_named(searched, start, _NUMBERED_THINGS)
    if is_numbered and not searched.lower.endswith(": ", 0, start):  # "Customer: 4411", in a chat
        return True
    if _BIC.fullmatch(value) and _BIC_NAMES.search(searched.lower):
        return True
    is_hash = _SHORT_HASH.fullmatch(value)
    return bool(is_hash and _COMMIT.search(searched.lower, max(0, start - _MAX_COMMIT), start))


def _is_something_else(searched: Searched, start: int, end: int, entity_type: EntityType) -> bool:
    """Return whether a candidate is an amount, a variable, or the number of a thing.

    The number of a thing may be a secret, too, which the model decides: "gate 4471".
    """
    value = searched.text[start:end]
    if (
        NO_VALUE.fullmatch(value)
        or MASK_OR_NOTE.fullmatch(value)
        or _NO_SECRET.fullmatch(value)
        or _NO_SECRET_FOLLOWS.search(searched.lower, max(0, start - _MAX_DOMAIN), start)
        or searched.text.startswith(_MASKED_BEHIND, end)
        or (YEAR_NUMBER.fullmatch(value) and searched.lower.endswith(_YEAR_FOLLOWS, 0, start))
        or searched.lower.endswith(_COUNTED, 0, start)
        or is_amount(searched.lower, end)
        or is_public(searched, start, value)
        or is_clause(value)
        or _is_of_a_thing(searched, start, value)
    ):
        return True
    is_short = sum(map(str.isdigit, value)) < _MIN_NUMBER_DIGITS
    return entity_type != "secret" and (is_short or is_reference(searched, start))
