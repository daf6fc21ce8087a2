"""Identity numbers: of citizens, taxpayers, insured people, drivers and passports."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import chain
from typing import Protocol, cast

from prompt_capture.domain.entities.candidates import is_reference
from prompt_capture.domain.entities.phones import is_named_as_phone
from prompt_capture.domain.entities.searched import (
    NOT_BEFORE_WORD,
    LazyPattern,
    NamePattern,
    Searched,
    any_of,
    names,
)
from prompt_capture.domain.searchable_text import Span

_NAMES = names(
    """ssn itin nino passport passnummer reisepass reisepassnummer pasaporte passaporto
    passeport paspoort
    personalausweis personalausweisnummer ausweis ausweisnummer perso steuer-id steueridnr
    steueridentifikationsnummer steuernummer sozialversicherungsnummer svnr sv-nummer sv-nr
    rentenversicherungsnummer versichertennummer krankenversichertennummer führerschein
    führerscheinnummer dni nie nif nir cpf rg curp rut cuit cuil aadhaar aadhar pesel dowód bsn
    burgerservicenummer personnummer hetu fødselsnummer cpr cpr-nummer rijksregisternummer cnp egn
    amka afm oib tckn nric hkid tfn pps ppsn nhs medicare snils cédula tin sécu pan
    身份证 身份证号 身份证号码 护照 护照号 マイナンバー パスポート 주민등록번호 여권
    паспорт снилс инн""",
    "social security", "social insurance", "national insurance", "ni number", "id card",
    "identity card", "national id", "my id", "personal id", "tax id", "tax number",
    "tax file number", "steuer id", "driver licence", "driver license", "drivers licence",
    "drivers license",
    "driver's licence", "driver's license", "driving licence", "driving license",
    "licence number", "license number", "pan card", "pan number", "health card",
    "health insurance", "green card", "alien number", "codice fiscale", "carta d'identità",
    "carte d'identité", "sécurité sociale", "numéro fiscal", "seguridad social",
    "número de identidad", "documento de identidad", "permis de conduire", "tc kimlik",
    "rodné číslo", "pass nr", "pass nr.", "numero nir", "sv nummer",
)  # fmt: skip
_NAMED = NamePattern(
    _NAMES,
    rf"""{any_of(_NAMES)}{NOT_BEFORE_WORD}
        (?:\ (?:number|nummer|numero|num|no|nr|card|id|号码){NOT_BEFORE_WORD})?[^a-z0-9\x7f]{{0,3}}
        (?:(?:is|ist|est|es|e)[^a-z0-9\x7f]{{1,3}})?
        (?:(?P<number>(?=(?:[a-z ./-]{{0,6}}[0-9]){{4}})[a-z0-9]{{1,20}}
                (?:[ ./-](?=[a-z]{{0,4}}[0-9]|[a-z](?![a-z]))[a-z0-9]{{1,11}}){{0,6}})
            |(?P<capitals>(?=[a-z]{{0,19}}[0-9])[a-z0-9]{{6,20}})){NOT_BEFORE_WORD}""",
)
_NAMED_CANADIAN = NamePattern(
    ["sin"],
    rf"""sin(?:\ (?:number|no\.?))?[^a-z0-9\x7f]{{0,3}}(?:is[^a-z0-9\x7f]{{1,3}})?
        (?P<number>[0-9]{{3}}[ -]?[0-9]{{3}}[ -]?[0-9]{{3}}){NOT_BEFORE_WORD}""",
)
_MIN_DIGITS = 2
_MIN_NAMED_CHARACTERS = 6
_DATE = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}\Z")

# Formats that nothing else has, and formats that other numbers share, which a check digit tells
# apart. The first digit is on its own, so that the search skips to digits.
_DIGITS_FIRST = LazyPattern(
    r"""[0-9](?<![A-Za-z0-9\x7f-].)(?=(?:[. /+-]?[0-9]){6})(?:(?P<formatted>
            [0-9]{2}-[0-9]{2}-[0-9]{4}                                  # United States
            |(?<=7)56[. ]?[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}            # Switzerland
            |[0-9]{2}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}                      # Brazil
            |[0-9]?\.[0-9]{3}\.[0-9]{3}-[0-9kK]                         # Chile
            |[0-9]\.[01][0-9]\.[0-3][0-9]-[0-9]{3}\.[0-9]{2}            # Belgium
            |[0-9][01][0-9][0-3][0-9]-[1-8][0-9]{6}                     # South Korea
            |[0-9][01][0-9]{3}[+A-FU-Y-][0-9]{3}[0-9A-FHJ-NPR-Y]        # Finland
        )|(?<![.+].)(?:
            (?P<spanish>[0-9]{7}[ -]?[A-Za-z])
            |(?P<irish>[0-9]{6}[A-W][A-IW]?)
            |(?P<czech>[0-9]{5}/[0-9]{3,4})
            |(?P<nordic>(?:[0-9]{2})?[0-9]{5}[+-][0-9]{4})
            |(?P<indian>(?<![0-9]\ .)[0-9]{3}\ [0-9]{4}\ [0-9]{4}(?!\ [0-9\x7f]))
            |(?P<eleven>[0-9]{10}|[0-9](?:\ [0-9]{3}){3}|[0-9]{5}\ [0-9]{5}
                |[0-9]{2}[. ][0-9]{3}[. ][0-9]{3}[ -][0-9]{2}
                |[0-9](?:[. ][0-9]{2}){2}[ -][0-9]{3}[. ][0-9]{2})
            |(?P<twelve>[0-9]{11})
            |(?P<thirteen>[0-9]{12}|[0-9]{5}\ [0-9]{4}\ [0-9]{3})
            |(?P<fifteen>[0-9]{14}|(?:\ [0-9]{2}){3}(?:\ [0-9]{3}){2}\ [0-9]{2})
            |(?P<eighteen>[0-9]{16}[0-9Xx])
        ))(?![A-Za-z0-9\x7f-])""",
    re.VERBOSE,
)
_LETTERS_FIRST = LazyPattern(
    r"""(?<!-)(?:(?P<formatted>
            (?!BG|GB|NK|KN|TN|NT|ZZ)(?:QQ|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])
                (?:\ ?[0-9]{2}){3}\ ?[A-D]                              # United Kingdom
            |[A-Z9]{5}[0-9]{6}[A-Z9]{2}[0-9][A-Z]{2}                    # United Kingdom
            |[A-Z]{4}[0-9]{6}[HM][A-Z]{5}[0-9A-Z][0-9]                  # Mexico
            |[A-Z]{1,2}[0-9]{6}\([0-9A]\)                               # Hong Kong
            |[A-Z]{3}[PCHFATBLJG][A-Z][0-9]{4}[A-Z]                     # India
        )|(?<![.+])(?:
            (?P<spanish>[XYZ][ -]?[0-9]{7}[ -]?[A-Z])
            |(?P<italian>[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}\ ?[A-Z][0-9]{3}[A-Z])
        ))(?![A-Za-z0-9\x7f-])""",
    re.VERBOSE | re.IGNORECASE,
)
_VALIDATORS = {
    "spanish": ("es.dni", "es.nie"),
    "irish": ("ie.pps",),
    "italian": ("it.codicefiscale",),
    "czech": ("cz.rc",),
    "nordic": ("se.personnummer", "dk.cpr"),
    "indian": ("in_.aadhaar",),
    "eleven": (
        "br.cpf",
        "de.idnr",
        "tr.tckimlik",
        "pl.pesel",
        "be.nn",
        "no.fodselsnummer",
        "ee.ik",
    ),
    "twelve": ("se.personnummer",),
    "thirteen": ("ro.cnp", "za.idnr"),
    "fifteen": ("fr.nir",),
    "eighteen": ("cn.ric",),
}
_BEGINNINGS = {
    "de.idnr": re.compile("[1-9]"),
    "tr.tckimlik": re.compile("[1-9].{9}[02468]"),
    "pl.pesel": re.compile("..[02468][1-9][0-3]|..[13579][0-2][0-3]"),
    "be.nn": re.compile("..[01].[0-3]"),
    "no.fodselsnummer": re.compile("[0-7].[0-5]"),
    "ee.ik": re.compile("[1-8]..[01].[0-3]"),
    "se.personnummer": re.compile("(?:(?:19|20)..|..)[01].[0-9]"),
    "ro.cnp": re.compile("[1-9]..[01].[0-3]"),
    "za.idnr": re.compile("..[01].[0-3]"),
    "fr.nir": re.compile("[12]"),
    "cn.ric": re.compile("[1-9].{5}(?:19|20)..[01].[0-3]"),
}
"""How the numbers that a validator accepts begin: to ask it takes longer."""

_CHECKS = 8
_SEPARATOR = re.compile(r"[ .-]")


def find_national_ids(searched: Searched) -> Iterator[Span]:
    """Find identity numbers by their format, the words before them, or their check digits."""
    if searched.digit_count < _MIN_DIGITS:
        return
    letters_first = (
        _LETTERS_FIRST.compiled.match(searched.text, start) for start in searched.identifier_starts
    )
    digits_first = _DIGITS_FIRST.compiled.finditer(searched.text)
    for match in filter(None, chain(digits_first, letters_first)):
        if match["formatted"] or _is_checked_id(searched, match):
            yield match.span()
    for match in _NAMED.finditer(searched):
        span = match.span("capitals" if match["capitals"] else "number")
        number = searched.text[slice(*span)]
        needs_capitals = match["capitals"] or number.partition(" ")[0].isalpha()
        has_form = number.isupper() or not needs_capitals
        if has_form and len(number) >= _MIN_NAMED_CHARACTERS and not _DATE.match(number):
            yield span
    for match in _NAMED_CANADIAN.finditer(searched):
        yield match.span("number")


def _is_checked_id(searched: Searched, match: re.Match[str]) -> bool:
    is_valid = any(searched.passes(_is_valid, each, _CHECKS) for each in _validations(match))
    lower, start = searched.lower, match.start()
    return is_valid and not is_reference(lower, start) and not is_named_as_phone(lower, start)


def _validations(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    """Return the validators that may accept a number, each with the number."""
    number = _SEPARATOR.sub("", match[0]).upper()
    for validator in _VALIDATORS[match.lastgroup or ""]:
        begin = _BEGINNINGS.get(validator)
        if not begin or begin.match(number):
            yield validator, number


def _is_valid(candidate: tuple[str, str]) -> bool:
    validator, number = candidate
    return _validator(validator).is_valid(number)


class _Validator(Protocol):
    def is_valid(self, number: str) -> bool: ...


@cache
def _validator(name: str) -> _Validator:
    return cast("_Validator", import_module(f"stdnum.{name}"))
