"""Identity numbers whose name also means something else, so that only their own form counts.

"NIT 900.123.456-7" is a taxpayer, and "NIT 3" a remark in a code review.
"""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.searched import (
    NAME_END,
    NOT_BEFORE_WORD,
    NUMBER,
    WORDS_BETWEEN,
    NamePattern,
    Searched,
    names,
)
from prompt_capture.domain.patterns import any_of
from prompt_capture.domain.searchable_text import Span

# "DE136695976", "ATU13585627", "FR 40 303 265 045", "NL123456789B01", "CHE-123.456.789"
_VAT = (
    r"(?:at|be|bg|che|cy|cz|de|dk|ee|el|es|fi|fr|gb|hr|hu|ie|it|lt|lu|lv|mt|nl|pl|pt|ro|se|si|sk|xi)"
    r"[ -]?[a-z0-9]{0,2}[ .]?[0-9](?:[ .]?[0-9]){5,11}(?:b[0-9]{2}|[a-z]{1,2})?"
)
_JAPANESE = names("", "my number", "individual number")
_FORMS: tuple[tuple[tuple[str, ...], str], ...] = (
    (names("sin nas taj"), r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{3}"),  # Canada, Hungary
    (
        names("nip"),  # Poland
        r"[0-9]{3}-?[0-9]{3}-?[0-9]{2}-?[0-9]{2}|[0-9]{3}-[0-9]{2}-[0-9]{2}-[0-9]{3}",
    ),
    (names("nik ktp"), r"[0-9]{16}|[0-9]{4}(?:\ [0-9]{4}){3}"),  # Indonesia
    (names("nin bvn"), r"[0-9]{11}|[0-9]{4}[ -][0-9]{3}[ -][0-9]{4}"),  # Nigeria
    (names("cin cnie"), r"[a-z]{1,2}\ ?[0-9]{5,6}"),  # Morocco
    (names("patente"), r"u1[a-z0-9]{7,8}|[a-z]{2}[0-9]{7}[a-z]"),  # Italy
    (names("ruc"), r"[0-9]{11}|[0-9]{13}"),  # Peru, Ecuador
    (names("pis pasep"), r"[0-9]{3}\.?[0-9]{5}\.?[0-9]{2}-?[0-9]"),  # Brazil
    (names("regon"), r"[0-9]{9}|[0-9]{14}"),  # Poland
    (names("y-tunnus"), r"[0-9]{7}-[0-9]"),  # Finland
    (names("dl"), r"[a-z]{2}[ -]?[0-9]{2}[ -]?[0-9]{11}"),  # India
    (names("nid"), r"[0-9]{10}|[0-9]{13}|[0-9]{17}"),  # Bangladesh
    (names("nit"), r"[0-9]{3}\.?[0-9]{3}\.?[0-9]{3}(?:-[0-9])?"),  # Colombia
    (names("dui"), r"[0-9]{8}-[0-9]"),  # El Salvador
    (names("dpi"), r"[0-9]{4}\ ?[0-9]{5}\ ?[0-9]{4}"),  # Guatemala
    (names("nss"), r"[0-9](?:[ -]?[0-9]){10}"),  # Mexico
    (names("rfc"), r"[a-z&]{3,4}-?[0-9]{6}-?[a-z0-9]{3}"),  # Mexico
    (names("sss"), r"[0-9]{2}-[0-9]{7}-[0-9]"),  # Philippines
    (names("fin"), r"[fgm][0-9]{7}[a-z]"),  # Singapore
    (names("qid", "qatar id", "qatari id"), r"[23][0-9]{10}"),  # Qatar
    (names("iqama iqamah"), r"[12][0-9]{9}"),  # Saudi Arabia
    (names("", "civil id"), r"[0-9]{8}|[1-3][0-9]{11}"),  # Kuwait, Oman
    (names("eid"), r"784-?[0-9]{4}-?[0-9]{7}-?[0-9]"),  # United Arab Emirates
    (_JAPANESE, r"[0-9]{12}|[0-9]{4}(?:\ [0-9]{4}){2}|[0-9]{4}(?:-[0-9]{4}){2}"),
    (
        names("nir", "carte vitale", "numéro de sécu", "numéro de sécurité sociale"),
        r"[1-478](?:\ ?[0-9]{2}){2}\ ?(?:[0-9]{2}|2[ab])(?:\ ?[0-9]{3}){2}(?:\ ?[0-9]{2})?",
    ),  # France, also without the key
    (
        names("ssn social ss#", "social security"),
        r"[0-9]{3}[ -]{1,3}[0-9]{2}[ -]{1,3}[0-9]{4}",
    ),  # United States
    (
        names("licence license dvla driver driving dl"),
        r"[a-z9]{5}[ -]?[0-9]{6}[ -]?[a-z][a-z9][0-9][a-z]{2}(?:[ -]?[0-9]{2})?",
    ),  # United Kingdom
    (
        names("medicare"),
        r"[2-6][0-9]{3}\ ?[0-9]{5}(?:\ ?[ /-]\ ?[0-9]){1,2}",
    ),  # Australia, with the last digit apart
    (names("ic mykad", "kad pengenalan"), r"[0-9]{6}-?[0-9]{2}-?[0-9]{4}"),  # Malaysia
    (
        names("पैन", "पैन नंबर", "पैन कार्ड", "पैन कार्ड नंबर"),
        r"[a-z]{5}[0-9]{4}[a-z]",
    ),  # India; without vowel signs also "pin" and "water"
    (names("pan"), r"[a-z]{3}[abcfghjlpt][a-z][0-9]{4}[a-z]"),  # India
    (names("ein"), r"[0-9]{2}-[0-9]{7}"),  # United States
    (names("utr"), r"[0-9]{5}\ ?[0-9]{5}"),  # United Kingdom
    (names("cif"), r"[a-hjnp-suvw]-?[0-9]{7}-?[0-9a-j]"),  # Spain
    (names("cc", "cartão de cidadão", "cartão cidadão"), r"[0-9]{8}\ ?[0-9]\ ?[a-z]{2}[0-9]"),
    (
        names("cf", "codice fiscale"),  # Italy
        r"[a-z]{3}\ ?[a-z]{3}\ ?[0-9]{2}\ ?[a-z][0-9]{2}\ ?[a-z][0-9]{3}\ ?[a-z]",
    ),
    (names("vat"), rf"{_VAT}|[0-9]{{9}}|[0-9]{{3}}\ [0-9]{{4}}\ [0-9]{{2}}"),  # Europe
    (names("ust-id ustid ust-idnr ustidnr umsatzsteuer-id mwst tva btw iva"), _VAT),
    (names("uid"), r"atu\ ?[0-9]{8}|che[ -]?[0-9]{3}(?:\.?[0-9]{3}){2}"),  # Austria, Switzerland
    (names("piva", "p.iva", "p. iva", "partita iva"), r"(?:it)?[0-9]{11}"),  # Italy
    (names("ičo", "ič", "dič"), r"(?:cz|sk)?[0-9]{8,10}|[0-9]{3}\ [0-9]{2}\ [0-9]{3}"),  # Czechia
    (names("siret"), r"[0-9]{14}|[0-9]{3}(?:\ [0-9]{3}){2}\ [0-9]{5}"),  # France
    (names("siren"), r"[0-9]{9}|[0-9]{3}(?:\ [0-9]{3}){2}"),  # France
)
"""Names, and the form that their numbers have in lower case."""

# Words may say whose number it is: "NIP firmy", "IC number is".
_TO_NUMBER = (
    rf"(?:[ ._-]{{0,2}}{NUMBER})?{NAME_END}"
    r"(?=[^0-9\x7f]{0,120}+[0-9])"
    rf"{WORDS_BETWEEN}[^a-z0-9\x7f]{{0,4}}?"
)
_ANY_NAME = "|".join(
    rf"(?P<name{index}>{any_of(group)})" for index, (group, _) in enumerate(_FORMS)
)
_ITS_FORM = "|".join(
    rf"(?(name{index})(?P<form{index}>{form})|(?!))" for index, (_, form) in enumerate(_FORMS)
)
_NAMED = NamePattern(
    [name for group, _ in _FORMS for name in group],
    rf"(?:{_ANY_NAME}){_TO_NUMBER}(?:{_ITS_FORM}){NOT_BEFORE_WORD}",
    numbered=True,
)


def find_ids_of_a_form(searched: Searched) -> Iterator[Span]:
    """Find numbers that have both the name and the form of an identity number."""
    for match in _NAMED.finditer(searched):
        if not match[0].startswith("my number") or searched.text.startswith("My N", match.start()):
            yield _span(match)


def _span(match: re.Match[str]) -> Span:
    return match.span(match.lastgroup or 0)
