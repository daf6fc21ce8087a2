"""Identity numbers: of citizens, taxpayers, insured people, drivers and passports."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import chain
from typing import Protocol, cast

from prompt_capture.domain.entities.candidates import (
    NO_NAMED_NUMBER,
    end_of_number,
    is_amount,
    is_reference,
)
from prompt_capture.domain.entities.named_ids import find_ids_of_a_form
from prompt_capture.domain.entities.phones import PHONE_NAMES, is_named_as_phone
from prompt_capture.domain.entities.reach import Between, is_name_of_number, reaches_far
from prompt_capture.domain.entities.searched import (
    MASK,
    NOT_BEFORE_WORD,
    NUMBER,
    NUMBER_FOLLOWS,
    NamePattern,
    Searched,
    context_before,
    names,
)
from prompt_capture.domain.patterns import any_field_of, any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_GERMAN_DOCUMENTS = names(
    """pass reisepass personalausweis ausweis perso führerschein visum aufenthaltstitel steuer
    steuerident steueridentifikations steuer-identifikations ident identifikations sv
    sozialversicherungs rentenversicherungs versicherten versicherungs krankenversicherungs
    krankenversicherten krankenkassen renten"""
)
_NAMES = names(
    """ssn itin nino passport passports reisepass pasaporte pasaport buletin هوية paspor ppt
    steuernr
    aufenthaltstitel aufenthaltskarte passaporte passaporto passeport paspoort paszport
    paszportu personalausweis ausweis perso steuer-id svnr führerschein dni nie nif nir cpf rg curp
    rut cuit cuil aadhaar aadhar pesel dowód bsn
    burgerservicenummer personnummer hetu fødselsnummer cpr cpr-nummer rijksregisternummer cnp egn
    amka afm oib tckn nric hkid tfn pps ppsn nhs medicare snils cédula tin sécu pan
    身份证 身份证号 身份证号码 身份证字号 身分证 身分证号码 身分证字号 统一编号 公民身份号码
    居留证 居留证号 居留证号码 护照 护照号 护照号码 社保号 社会保障号 社会保障号码
    医保卡号 健保卡号 健保卡
    驾照 驾照号 驾驶证 驾驶证号 港澳通行证 回乡证 税号 证件号 证件号码
    マイナンバー 個人番号 パスポート 旅券番号 免許証番号 運転免許証番号 在留カード番号
    주민등록번호 주민번호 외국인등록번호 여권 여권번호 운전면허번호
    паспорт снилс инн рнокпп іпн егн јмбг αμκα αφμ आधार पासपोर्ट
    cnpj cnic nicop npwp iqama niss insee jmbg emšo oib kennitala isikukood cccd cmnd nhi ird
    mykad sozialversicherungsausweis загран загранпаспорт adóazonosítóm паспорта паспорту
    contribuinte cnh ehliyet rijbewijs rijbewijsnummer
    identiteitskaart
    körkort førerkort kørekort ajokortti 在留カード
    এনআইডি 運転免許証 健康保険証 健康保険証番号 운전면허""",
    "patente di guida", "tessera sanitaria", "carnet de conducir", "título de eleitor",
    "carteira de motorista", "pis pasep", "pis/pasep", "водительское удостоверение",
    "военный билет", "জাতীয় পরিচয়পত্র", "alien registration", "visa number",
    "social security", "social insurance", "national insurance", "ni number", "id card",
    "identity card", "national id", "emirates id", "voter id", "voter card", "citizen id",
    "teudat zehut", "občanský průkaz", "občanského průkazu", "občiansky preukaz",
    "občianskeho preukazu",
    "řidičský průkaz", "vodičský preukaz", "רישיון נהיגה", "dl#", "dl no", "dl number",
    "my id", "id number", "id no", "my social",
    "personal id", "tax id", "tax number", "residence permit", "state id",
    "carte de identitate", "titre de séjour", "id kaart", "id kort",
    "id karte", "číslo op", "лична карта", "ghana card", "полис омс", "numărul de buletin",
    "número de utente",
    "st.-nr.", "st.-nr", "st-nr", "st.nr.", "carte de séjour", "permesso di soggiorno",
    "tax file number", "steuer id", "driver licence", "driver license", "drivers licence",
    "drivers license",
    "driver's licence", "driver's license", "driving licence", "driving license",
    "licence number", "license number", "pan card", "pan number", "health card",
    "health insurance", "green card", "alien number", "codice fiscale", "carta d'identità",
    "carta di identità", "bilhete de identidade", "dowód osobisty", "nr dowodu", "prawo jazdy",
    "prawa jazdy", "permiso de conducir", "carta de conducir", "licencia de conducir",
    "carta de condução",
    "carte d'identité", "sécurité sociale", "numéro fiscal", "identifiant fiscal",
    "seguridad social",
    "número de identidad", "documento de identidad", "permis de conduire", "tc kimlik",
    "rodné číslo", "numero nir", "seria i numer dowodu", "numer dowodu",
    "numer dowodu osobistego", "dowodu osobistego", "numéro national", "numéro avs",
    "cédula de ciudadanía", "cédula de identidad", "cédula de extranjería",
    "número de contribuinte", "personas kods", "asmens kodas", "cod numeric personal",
    "lična karta", "osobna iskaznica", "személyi igazolvány", "személyi szám", "adóazonosító jel",
    "adószám", "паспорт серия", "паспорт серии", "серия паспорта", "серия и номер паспорта",
    "kimlik no", "kimlik numaram", "αριθμός ταυτότητας", "căn cước", "căn cước công dân",
    "hộ chiếu", "رقم الهوية", "الرقم القومي", "رقم الإقامة", "جواز السفر", "کد ملی", "شماره ملی",
    "شناختی کارڈ", "תעודת זהות", "ת.ז.", "מספר זהות", "เลขบัตรประชาชน", "บัตรประชาชน",
    "เลขประจำตัวประชาชน", "หนังสือเดินทาง",
    *(
        f"{document}{joint}{number}"
        for document in _GERMAN_DOCUMENTS
        for joint in ("", "-", " ")
        for number in ("nummer", "nr", "num", "id")
    ),
)  # fmt: skip
ID_NAMES = frozenset(_NAMES)
# A letter of its own belongs to formats such as "12 34 56 C", "12345678 Z" and "12.345.678-Z".
_LETTER_BEHIND = r"(?:(?<=[0-9]{7})|(?<=[0-9]{3}\.[0-9]{3})|(?<=[0-9]{2}\ [0-9]{2}))"
_WORDS_OF_ONE_LETTER = frozenset("aeiouyIOU")
_NAMED = NamePattern(
    _NAMES,
    rf"""{any_field_of(_NAMES)}(?:[ ._-]{{0,2}}(?:card|id|saya|broj){NOT_BEFORE_WORD})?
        {NUMBER_FOLLOWS}
        (?:(?P<number>(?:(?P<letters>[a-z]{{1,4}}[ .-]|[^\W\d_\x00-\x7f]{{1,4}}[ .-]?)(?=[0-9]))?
                (?=(?:[a-z ./-]{{0,6}}[0-9]){{4}})(?=[a-z]{{0,9}}[0-9])[a-z0-9]{{1,20}}
                (?:[ ./-](?=[a-z]{{0,4}}[0-9]|[a-z]\ [0-9])[a-z0-9]{{1,11}}){{0,6}}
                (?P<letter>{_LETTER_BEHIND}[ .-][a-z](?!')|(?<=[0-9]{{3}})-[a-z]{{2}})?)
            |(?P<capitals>(?=[a-z]{{0,19}}[0-9])[a-z0-9]{{6,20}})){NOT_BEFORE_WORD}""",
    numbered=True,
)
# Behind a number: "... is my passport number", "... (passport)"
_VERBS = names("is ist est es e er ar to was = -")
_ARTICLES = names(
    "the my our his her their mein meine mi el mon ma le la il mio o meu het mijn mitt a un una"
)
_JOINTS = frozenset((*_VERBS, *_ARTICLES))
_LATIN_NAMES = tuple(filter(str.isascii, _NAMES))
_NAME_BEHIND = NamePattern(
    _LATIN_NAMES,
    rf"{any_field_of(_LATIN_NAMES)}(?:[ _-]?{NUMBER}{NOT_BEFORE_WORD}|(?=[.,;!?)]|\Z))",
    numbered=True,
)
_NUMBER_BEFORE = lazy_pattern(
    r"(?<![A-Za-z0-9\x7f.,/-])(?<![0-9] )(?=[A-Z0-9 ./-]{7})(?P<number>"
    r"[0-9]{2,4}(?: [0-9]{2,4}){1,4}|[A-Z0-9]{1,20}(?:[./-][A-Z0-9]{1,11}){0,5})"
    rf" (?:\(|{any_of(_VERBS)} (?:{any_of(_ARTICLES)} )?)\Z"
)
_BEFORE_WINDOW = 40
_MIN_DIGITS, _MIN_NAMED_DIGITS = 2, 4
_MIN_NAMED_CHARACTERS = 6
_DATE = lazy_pattern(r"(?:[0-9]{1,2}|[0-9]{4})[./-][0-9]{1,2}[./-](?:[0-9]{1,2}|[0-9]{4})\Z")

# Formats that nothing else has, and formats that other numbers share, which a check digit tells
# apart. The first digit is on its own, so that the search skips to digits.
_DIGITS_FIRST = lazy_pattern(
    r"""[0-9](?<![A-Za-z0-9\x7f-].)(?=(?:[. /+-]?[0-9]){6})(?:(?=[0-9]{4})(?:(?P<formatted>
            (?<=7)56[0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}                  # Switzerland
            |[0-9][01][0-9][0-3][0-9]-[1-8][0-9]{6}                     # South Korea
            |[0-9][01][0-9]{3}[+A-FU-Y-][0-9]{3}[0-9A-FHJ-NPR-Y]        # Finland
        )|(?<![.+].)(?:
            (?P<spanish>[0-9]{7}[ -]?[A-Za-z])
            |(?P<pakistani>[0-9]{4}-[0-9]{7}-[0-9])
            |(?P<irish>[0-9]{6}[A-W][A-IW]?)
            |(?P<czech>[0-9]{5}/[0-9]{3,4})
            |(?P<nordic>(?:[0-9]{2})?[0-9]{5}[+-][0-9]{4})
            |(?P<eleven>[0-9]{10}|[0-9]{5}\ [0-9]{5})
            |(?P<twelve>[0-9]{11})
            |(?P<thirteen>[0-9]{12}|[0-9]{5}\ [0-9]{4}\ [0-9]{3})
            |(?P<fifteen>[0-9]{14})
            |(?P<eighteen>[0-9]{16}[0-9Xx])
        ))|(?![0-9]{4})(?:(?P<formatted_groups>
            [0-9]{2}-[0-9]{2}-[0-9]{4}                                  # United States
            |(?<=7)56[. ][0-9]{4}[. ]?[0-9]{4}[. ]?[0-9]{2}             # Switzerland
            |[0-9]{2}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}                      # Brazil
            |[0-9]\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}                # Brazil
            |[0-9]?\.[0-9]{3}\.[0-9]{3}-[0-9kK]                         # Chile
            |[0-9]\.[01][0-9]\.[0-3][0-9]-[0-9]{3}\.[0-9]{2}            # Belgium
        )|(?<![.+].)(?:
            (?P<indian>(?<![0-9]\ .)[0-9]{3}\ [0-9]{4}\ [0-9]{4}
                (?!\ [0-9]{3,}(?![0-9]|[./-][0-9])))
            |(?P<eleven_groups>[0-9](?:\ [0-9]{3}){3}|[0-9]{2}[. ][0-9]{3}[. ][0-9]{3}[ -][0-9]{2}
                |[0-9](?:[. ][0-9]{2}){2}[ -][0-9]{3}[. ][0-9]{2})
            |(?P<fifteen_groups>(?:\ [0-9]{2}){3}(?:\ [0-9]{3}){2}\ [0-9]{2})
        )))(?![A-Za-z0-9\x7f-])""",
    re.VERBOSE,
)
_LETTERS_FIRST = lazy_pattern(
    r"""(?<!-)(?:(?P<formatted>
            (?!BG|GB|NK|KN|TN|NT|ZZ)(?:QQ|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])
                (?:\ ?[0-9]{2}){3}\ ?[A-D]                              # United Kingdom
            |[A-Z9]{5}[0-9]{6}[A-Z9]{2}[0-9][A-Z]{2}                    # United Kingdom
            |[A-Z]{4}[0-9]{6}[HM][A-Z]{5}[0-9A-Z][0-9]                  # Mexico
            |[A-Z]{1,2}[0-9]{6}\([0-9A]\)                               # Hong Kong
            |[A-Z]{3}[PCHFATBLJG][A-Z][0-9]{4}[A-Z]                     # India
            |[A-Z][0-9]{3}-[0-9]{3}-[0-9]{2}-[0-9]{3}-[0-9]             # Florida
        )|(?<![.+])(?:
            (?P<spanish>[XYZ][ -]?[0-9]{7}[ -]?[A-Z])
            |(?P<italian>[A-Z]{6}[0-9]{2}[A-Z][0-9]{2}\ ?[A-Z][0-9]{3}[A-Z])
        ))(?![A-Za-z0-9\x7f-])""",
    re.VERBOSE | re.IGNORECASE,
)
_VALIDATORS = {
    "spanish": ("es.dni", "es.nie"),
    "irish": ("ie.pps",),
    "pakistani": ("pk.cnic",),
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
    "de.idnr": lazy_pattern("[1-9]"),
    "tr.tckimlik": lazy_pattern("[1-9].{9}[02468]"),
    "pl.pesel": lazy_pattern("..[02468][1-9][0-3]|..[13579][0-2][0-3]"),
    "be.nn": lazy_pattern("..[01].[0-3]"),
    "no.fodselsnummer": lazy_pattern("[0-7].[0-5]"),
    "ee.ik": lazy_pattern("[1-8]..[01].[0-3]"),
    "se.personnummer": lazy_pattern("(?:(?:19|20)..|..)[01].[0-9]"),
    "ro.cnp": lazy_pattern("[1-9]..[01].[0-3]"),
    "za.idnr": lazy_pattern("..[01].[0-3]"),
    "fr.nir": lazy_pattern("[12]"),
    "cn.ric": lazy_pattern("[1-9].{5}(?:19|20)..[01].[0-3]"),
}
"""How the numbers that a validator accepts begin: to ask it takes longer."""

# Also words for other things
_WEAK_NAME = lazy_pattern(
    r"(?:nie|pan|tin|cpr|pps|rut|rg|nhs|medicare|my\ social)\ (?!n(?:umber|o|r)\.?\ )", re.VERBOSE
)
_MIN_FAR_DIGITS = 7
_FORMATTED = lazy_pattern(
    r"""[0-9]{3}-[0-9]{2}-[0-9]{4}                                      # United States
        |[A-Z]{2}(?:\ ?[0-9]{2}){3}\ ?[A-D]                            # United Kingdom
        |[0-9]{7,8}[ -]?[A-Z]|[XYZ][ -]?[0-9]{7}[ -]?[A-Z]              # Spain""",
    re.VERBOSE,
)

# Parts of a list that are counted in the form of an identity number of the United States
_AMERICAN = lazy_pattern(r"(?P<series>[0-9]{3}-[0-9]{2}-)(?P<last>[0-9]{4})")
_ROWS_WINDOW, _MAX_STEP = 100, 9
_CHECKS = 8
_SEPARATOR = lazy_pattern(r"[ .-]")


def find_national_ids(searched: Searched) -> Iterator[Span]:
    """Find identity numbers by their format, the words before them, or their check digits."""
    if searched.digit_count < _MIN_DIGITS:
        return
    starts = searched.identifier_starts
    letters_first = (_LETTERS_FIRST.match(searched.text, start) for start in starts)
    digits_first = _DIGITS_FIRST.finditer(searched.text)
    for match in chain(digits_first, filter(None, letters_first)):
        if _is_id(searched, match):
            yield match.span()
    for match in _NAMED.finditer(searched):
        span = _named_span(searched, match)
        number = searched.text[slice(*span)]
        if match["capitals"] and not number.isupper():
            continue
        if len(number) < _MIN_NAMED_CHARACTERS or _DATE.match(number):
            continue
        if _is_reached(searched, match, span):
            yield span
    yield from _find_before_names(searched)
    yield from find_ids_of_a_form(searched)


def _find_before_names(searched: Searched) -> Iterator[Span]:
    """Find numbers that their name follows."""
    for name in _NAME_BEHIND.finditer(searched, behind=_JOINTS):
        start = name.start()
        before = max(0, start - _BEFORE_WINDOW)
        match = _NUMBER_BEFORE.search(searched.text, before, start)
        number = match["number"] if match else ""
        if match and _has_far_form(number) and not NO_NAMED_NUMBER.match(number):
            yield match.span("number")


def _is_reached(searched: Searched, match: re.Match[str], span: Span) -> bool:
    """Return whether a name and its number belong together, over the words between them."""
    between = Between(searched, match, span[0])
    if match[0].startswith("id n") and is_reference(searched, match.start()):
        return False  # "order id number 1234567"
    if between.is_direct:
        return True
    number = searched.text[slice(*span)]
    if _FORMATTED.fullmatch(number):
        return True
    has_form = _has_far_form(number, _MIN_FAR_DIGITS - between.is_linked)
    is_weak = not between.is_linked and _WEAK_NAME.match(match[0])
    return has_form and not is_weak and reaches_far(searched, match, span, PHONE_NAMES)


def _has_far_form(number: str, least: int = _MIN_FAR_DIGITS) -> bool:
    """Return whether a number may be one whose name does not stand directly before it."""
    digits = sum(map(str.isdigit, number))
    return digits >= least or (
        digits >= _MIN_NAMED_DIGITS and len(number) >= _MIN_FAR_DIGITS and number.isupper()
    )


def _named_span(searched: Searched, match: re.Match[str]) -> Span:
    """Return the span of a named number, without an amount or a word of one letter behind it."""
    if match["capitals"]:
        return match.span("capitals")
    start, end = match.span("number")
    letters = searched.text[slice(*match.span("letters"))].rstrip(" .-") if match["letters"] else ""
    is_part = letters.isupper() and letters.lower() not in ID_NAMES | {"dl"}
    if letters and not (is_part and not is_name_of_number(letters.lower())):
        start = match.end("letters")
    if match["letter"] and searched.text[end - 1] in _WORDS_OF_ONE_LETTER:
        return start, match.start("letter")
    end = end_of_number(searched.lower, start, end, _MIN_NAMED_DIGITS)
    return start, start if is_amount(searched.lower, end) else end


def _is_id(searched: Searched, match: re.Match[str]) -> bool:
    start = match.start()
    if (match.lastgroup or "").startswith("formatted"):
        return not (is_reference(searched, start) or _is_counted(searched, match))
    is_valid = any(searched.passes(_is_valid, each, _CHECKS) for each in _validations(match))
    return is_valid and not is_reference(searched, start) and not is_named_as_phone(searched, start)


def _is_counted(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether a number in the form of the United States is one of several in a row.

    The parts of a list have the same first digits: "100-20-3344 | bracket", "100-20-3345 | screw".
    """
    if not _AMERICAN.fullmatch(match[0]):
        return False
    start, end = match.span()
    before = context_before(searched.lower, start, _ROWS_WINDOW)
    behind = searched.lower[end : end + _ROWS_WINDOW].partition(MASK)[0]
    series, last = match[0][:-4], int(match[0][-4:])
    return any(
        part["series"] == series and 0 < abs(int(part["last"]) - last) <= _MAX_STEP
        for part in _AMERICAN.finditer(f"{before}{MASK}{behind}")
    )


def _validations(match: re.Match[str]) -> Iterator[tuple[str, str]]:
    """Return the validators that may accept a number, each with the number."""
    number = _SEPARATOR.sub("", match[0]).upper()
    for validator in _VALIDATORS[(match.lastgroup or "").removesuffix("_groups")]:
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
