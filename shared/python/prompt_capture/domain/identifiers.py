"""Find card, account, identity and phone numbers by check digits, format or preceding words."""

import re
from collections.abc import Callable, Iterator
from importlib import import_module

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn

Span = tuple[int, int]

_CARD = re.compile(r"(?<![\w.-])(?:2[2-7]|3[0-9]|4\d|5[0-8]|6\d)(?:[ .-]?\d){11,17}(?![\w-])")

# Words before a number that make it a reference number, not a personal one.
_REFERENCE = re.compile(
    r"""\b(?:order|invoice|student|customer|member|tracking|track|parcel|shipment|ticket|booking|case
        |reference|ref|receipt|serial|isbn|issn|population|version|matriculation|matrikel|bestell)
        (?:[ -]?(?:numbers?|no\.?|nr\.?|nummer|id|code))?(?:\ (?:is|ist|was))?[ :#.-]{0,3}$""",
    re.IGNORECASE | re.VERBOSE,
)
_REFERENCE_WINDOW = 40

_IBAN = re.compile(r"\b[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]){11,30}", re.IGNORECASE)
_NAMED_ACCOUNT = re.compile(
    r"""\b(?:account|acct|konto(?:nummer)?|routing|sort\ code|blz|iban|bic|bank\ details?)\b
        (?:\ (?:number|no\.?|nr\.?|code))?\W{0,3}(?:\ ?(?:is|ist|:)\ )?\W{0,2}
        (?P<number>\d(?:[ -]?\d){4,17})(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)

_NAMED_ID = re.compile(
    r"""\b(?:ssn|social\ security|national\ insurance|nino|ni\ number|passport|pass(?:nummer)?
        |id\ card|identity\ card|national\ id|personalausweis\w*|ausweis\w*|steuer-?id|tax\ id
        |tax\ number|driver'?s?\ licen[cs]e|licen[cs]e\ number|dni|nie|cpf|aadhaar|pesel|bsn|nir
        |personnummer|cpr|(?P<canadian>sin)|codice\ fiscale)\b
        (?:\ (?:number|no\.?|nr\.?|card))?\W{0,3}(?:\ ?(?:is|ist|:)\ )?\W{0,2}
        (?P<number>(?=(?:[A-Z .-]{0,5}\d){4})
            [A-Z0-9]{1,20}(?:[ .-](?=[A-Z]{0,4}\d|[A-Z]\b)[A-Z0-9]{1,11}){0,6})(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)
_FORMATTED_ID = re.compile(
    r"""(?<![\w-])(?:
        \d{3}-\d{2}-\d{4}                                             # United States
        |(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]  # United Kingdom
            (?:\ ?\d\d){3}\ ?[A-D]
        |756[. ]?\d{4}[. ]?\d{4}[. ]?\d\d                             # Switzerland
        |\d{3}\.\d{3}\.\d{3}-\d\d                                     # Brazil
        )(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_CHECKED_ID = re.compile(
    r"""(?<![\w.+-])(?=[A-Z]{0,6}\d)
        [A-Z0-9]{1,16}(?:[ .-][A-Z0-9]{2,11}){0,6}(?:[ -]?[A-Z])?(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_CHECKED_BY_LENGTH = {
    9: ("es.dni", "es.nie"),
    10: ("se.personnummer",),
    11: ("de.idnr", "pl.pesel", "br.cpf", "be.nn"),
    12: ("in_.aadhaar", "se.personnummer"),
    15: ("fr.nir",),
    16: ("it.codicefiscale",),
}

_INTERNATIONAL_PHONE = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[ ()./-]{0,2}\d){6,14}(?!\d)")
_NAMED_PHONE = re.compile(
    r"""\b(?:call|ring|phone|tel|telephone|mobile|cell|text|sms|whatsapp|fax|dial|reach|anrufen
        |handy|telefon|nummer|number)\b[^\d+\n]{0,25}
        (?P<number>(?!\d{1,4}[./-]\d\d?[./-]\d{1,4}\b)\(?\d(?:[ ()./-]{0,2}\d){6,13})(?![\w-])""",
    re.IGNORECASE | re.VERBOSE,
)
_REGIONS = ("US", "GB", "DE", "FR")
_MIN_PHONE_DIGITS = 7


def find_cards(text: str) -> Iterator[Span]:
    """Find payment card numbers: 13 to 19 digits that pass the Luhn check."""
    for match in _CARD.finditer(text):
        end = _longest_valid_end(match, _is_card)
        if end:
            yield match.start(), end


def find_bank_accounts(text: str) -> Iterator[Span]:
    """Find IBANs by their check digits, and other account numbers by the word before them."""
    for match in _IBAN.finditer(text):
        end = _longest_valid_end(match, lambda part: bool(iban.is_valid(part)))
        if end:
            yield match.start(), end
    for match in _NAMED_ACCOUNT.finditer(text):
        yield match.span("number")


def find_national_ids(text: str) -> Iterator[Span]:
    """Find identity numbers by their format, the word before them, or their check digits."""
    for match in _FORMATTED_ID.finditer(text):
        yield match.span()
    for match in _NAMED_ID.finditer(text):
        if not match["canadian"] or len(_compact(match["number"])) == 9:  # "sin 30" is a sine
            yield match.span("number")
    for match in _CHECKED_ID.finditer(text):
        end = _longest_valid_end(match, _is_checked_id)
        if end and not _is_reference(text, match.start()):
            yield match.start(), end


def find_phone_numbers(text: str) -> Iterator[Span]:
    """Find phone numbers: international, named as one, or valid in one of `_REGIONS`."""
    if sum(character.isdigit() for character in text) < _MIN_PHONE_DIGITS:
        return
    for match in _INTERNATIONAL_PHONE.finditer(text):
        yield match.span()
    for match in _NAMED_PHONE.finditer(text):
        if not _is_reference(text, match.start("number")):
            yield match.span("number")
    for region in _REGIONS:
        for phone in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            if not _is_reference(text, phone.start):
                yield phone.start, phone.end


def _is_card(part: str) -> bool:
    compact = _compact(part)
    return len(compact) >= 13 and bool(luhn.is_valid(compact))


def _is_reference(text: str, start: int) -> bool:
    return bool(_REFERENCE.search(text[max(0, start - _REFERENCE_WINDOW) : start]))


def _is_checked_id(part: str) -> bool:
    compact = _compact(part)
    if sum(character.isdigit() for character in compact) < 7:  # codice fiscale has 7, the fewest
        return False
    if max(map(len, re.split(r"[ .-]", part))) < 3:  # a list of small numbers
        return False
    names = _CHECKED_BY_LENGTH.get(len(compact), ())
    return any(import_module(f"stdnum.{name}").is_valid(compact) for name in names)


def _longest_valid_end(match: re.Match[str], is_valid: Callable[[str], bool]) -> int | None:
    """Return the end of the longest valid prefix of a match: words may follow the number."""
    text = match.group()
    for end in range(len(text), 7, -1):
        next_character = text[end : end + 1]
        if not next_character.isalnum() and is_valid(text[:end]):
            return match.start() + end
    return None


def _compact(number: str) -> str:
    return re.sub(r"[ .-]", "", number).upper()
