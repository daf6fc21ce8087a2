"""Bank account numbers."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import repeat

from prompt_capture.domain.entities.candidates import (
    end_of_number,
    is_amount,
    is_named,
    list_behind,
)
from prompt_capture.domain.entities.cards import CARD_NAMES, is_card_number
from prompt_capture.domain.entities.national_ids import ID_NAMES
from prompt_capture.domain.entities.phones import PHONE_NAMES
from prompt_capture.domain.entities.reach import Between, reaches_far
from prompt_capture.domain.entities.searched import (
    MASK,
    NOT_BEFORE_WORD,
    NUMBER,
    NUMBER_FOLLOWS,
    NamePattern,
    Searched,
    context_before,
    name_set,
    names,
)
from prompt_capture.domain.patterns import any_field_of, any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_MIN_DIGITS = 5
_MAX_AMOUNT_DIGITS = 7
# Documents lose spaces when they are copied: "IBANDE89...", "...00BIC COBADEFF".
_IBAN_START = lazy_pattern("(?i:IBAN)?([A-Za-z]{2})[ -]?[0-9]{2}")
_IBAN_END = rf"(?:{NOT_BEFORE_WORD}|(?=(?i:BIC|SWIFT)))"
_IBAN_NAMES = frozenset({"iban"})
_PART_SIZES = lazy_pattern(r"([0-9]+)!")
_CHECKS = 100

BANK_NAMES = names(
    """account acct acc a/c konto kontonummer kontonr kto ktonr routing aba bsb cbu iban bic blz
    rtn bankkonto bankleitzahl compte cuenta conto conta rib clabe rekening rekeningnummer
    konta rachunek rachunku tilinumero kontonummeret kontonumret kontonummern rekeningnummers nib
    girokonto gehaltskonto
    sparkonto vereinskonto spendenkonto clearingnr clearingnummer rek stk bankgiro plusgiro
    bankszámla bankszámlaszám számlaszám számlaszámom számlaszámunk bankszámlaszámom
    bankszámlaszámunk
    银行账号 账号 银行账户 账户 帐号 帐户 口座番号 口座 계좌번호 계좌""",
    "c/c", "р/с", "р/сч", "к/с", "л/с",  # noqa: RUF001 (Russian)
    "numéro de compte", "número de cuenta", "número da conta", "número de conta",
    "numero di conto", "numero del conto", "sort code", "checking:", "savings:", "bank code",
    "bank details",
    "bank account", "compte bancaire", "compte courant",
    "cuenta corriente", "cuenta bancaria", "conto corrente", "conto bancario", "conta corrente",
    "conta bancária", "conta poupança", "konto bankowe", "konta bankowego", "číslo účtu",
    "účet číslo", "účet č.", "расчётный счёт",
    "расчётного счёта", "расчётному счёту", "лицевой счёт", "лицевого счёта", "банковский счёт",
    "банковского счёта", "корр. счёт", "номер рахунку", "розрахунковий рахунок",
    "hesap numarası", "hesap numaram", "hesap no", "banka hesabı", "số tài khoản", "tài khoản",  # noqa: RUF001 (Turkish)
    *(
        f"{account} {bank}"
        for account in ("rekening", "rek")
        for bank in ("bca", "bni", "bri", "mandiri")
    ),
    "رقم الحساب", "رقم حساب", "رقم حسابي", "شماره حساب", "מספר חשבון", "חשבון בנק", "खाता संख्या",
    "खाता नंबर", "เลขที่บัญชี", "เลขบัญชี",
)  # fmt: skip
# Forms with other lengths or characters: Poland, France (RIB), Norway, Czechia, Hungary.
_NATIONAL_FORM = (
    r"(?:[0-9]{2}(?:[ -]?[0-9]{4}){6}|(?:[0-9]{4}[ -]){6}[0-9]{2}"
    r"|[0-9]{5}[ -]?[0-9]{5}[ -]?[0-9a-z]{11}[ -]?[0-9]{2}"
    r"|[0-9]{7}[a-z][0-9]{3}|[0-9]{4}\.[0-9]{2}\.[0-9]{5}|(?:[0-9]{2,6}-)?[0-9]{6,10}/[0-9]{4}|[0-9]{8}(?:-[0-9]{8}){2})"
)
_SPACED_SORT_CODE = r"[0-9]{2}(?:\ -\ [0-9]{2}){2}"
_WHOLE_NATIONAL_FORM = lazy_pattern(_NATIONAL_FORM)
_YEAR_AND_MONTH = lazy_pattern("(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])")
_NAMED = NamePattern(
    BANK_NAMES,
    rf"""{any_field_of(BANK_NAMES)}{NUMBER_FOLLOWS}
        (?P<number>{_NATIONAL_FORM}|{_SPACED_SORT_CODE}|[0-9](?:[ -]?[0-9]){{4,21}})
        {NOT_BEFORE_WORD}(?!\.[0-9]{{2}}(?![0-9]))""",
    numbered=True,
)
_OTHERS = (
    (CARD_NAMES - name_set("credit debit express discover cc"))
    | ID_NAMES
    | PHONE_NAMES
    | name_set("id ids user username login")
)
# Also words for other things, and in Polish "who".
_WEAK_NAMES = ("acc ", "kto ", "rib ", "aba ", "compte ", "cuenta ", "conta ", "conto ")
_MIN_FAR_DIGITS, _MIN_LINKED_DIGITS = 7, 6
_SORT_CODES = ("sort", "bsb")
_SORT_CODE_FORM = lazy_pattern("[0-9]{2}([ -])[0-9]{2}\\1[0-9]{2}|[0-9]{3}-[0-9]{3}")
# "take into account 20000 samples"
_IDIOM = lazy_pattern(
    r"""(?:take|takes|taking|taken|took|prend|prends|prenez|prendre|prenant|pris|ten|tener|tenga
        |tengan|tenemos|teniendo|tomar|tomando|toma|leva|leve|levar|levando|tenha|ter|tendo|tieni
        |tenere|tenendo|teniamo)(?:\ [^ .!?\x7f]{1,20}){0,3}\ (?:into|en|em|in)\ \Z""",
    re.VERBOSE,
)
_IDIOM_WINDOW = 90
# "AWS account 123456789012" is none of a bank.
_OF_A_SERVICE = lazy_pattern(
    r"""(?<![a-z0-9\x7f])(?:aws|amazon|gcp|google|ads|analytics|azure|microsoft|apple|github|gitlab
        |steam|epic|xbox|facebook|meta|instagram|twitter|linkedin|tiktok|netflix|spotify|salesforce
        |hubspot|user|service|admin|mail|e-?mail|gmail|outlook|icloud|cloud)\ \Z""",
    re.VERBOSE,
)
_SERVICE_WINDOW = 12
# Also the word for an invoice, whose number is shorter.
_RUSSIAN_NAMES = names("счёт счета счёту счёте")
_NAMED_RUSSIAN = NamePattern(
    _RUSSIAN_NAMES,
    rf"""{any_of(_RUSSIAN_NAMES)}{NUMBER_FOLLOWS}
        (?P<number>[0-9](?:[ .-]?[0-9]){{19}}){NOT_BEFORE_WORD}""",
)
# One number behind these is a count.
_PLURALS = names("accounts konten comptes cuentas conti contas rekeningen", "account numbers")
_SEVERAL = NamePattern(
    _PLURALS,
    rf"""{any_field_of(_PLURALS)}{NUMBER_FOLLOWS}
        (?P<number>[0-9]{{7,12}}){NOT_BEFORE_WORD}""",
)
# "12345678 is my account number", but not "12345678 is my account balance"
_NAMES_BEHIND = names("account konto kontonummer compte cuenta conto conta", "bank account")
_NAME_BEHIND = NamePattern(
    _NAMES_BEHIND,
    rf"{any_of(_NAMES_BEHIND)}(?:\ {NUMBER}{NOT_BEFORE_WORD}|(?=[.,;!?)]|\Z))",
)
_NUMBER_BEFORE = lazy_pattern(
    r"(?<![A-Za-z0-9\x7f.,/-])(?<![0-9] )(?P<number>[0-9](?:[ -]?[0-9]){6,21})"
    r" (?:is|ist|est|es) (?:the|his|her|their|my|our|mein|meine|unser"
    r"|unsere|mon|notre|mi|nuestra) \Z"
)
# Also the word for a bill
_CZECH_NAMES = names("účet účtu účte účty", "č. účtu", "č.ú.", "č. ú.")
_NAMED_CZECH = NamePattern(
    _CZECH_NAMES,
    rf"""{any_of(_CZECH_NAMES)}{NUMBER_FOLLOWS}
        (?P<number>(?:[0-9]{{2,6}}-)?[0-9]{{6,10}}/[0-9]{{4}}){NOT_BEFORE_WORD}""",
)
# A sort code near an account; elsewhere the letters may be anything.
_SORT_CODE = NamePattern(
    names("sc s/c sort srt"),
    rf"""(?:s/?c|so?rt(?:\ (?:code|cde|cd))?)[ :.]{{1,3}}
        (?P<number>[0-9]{{2}}(?:\ ?-\ ?[0-9]{{2}}){{2}}){NOT_BEFORE_WORD}""",
)
_SORT_CODE_NAME = NamePattern(("sort",), r"sort\ code[ :]{1,2}[0-9\x7f]")
# "30-94-57 sort, ..."
_SORT_BEHIND = NamePattern(("sort",), r"sort(?:\ code)?(?=[.,;/)]|\ (?:and|with|acc|a/c)|\Z)")
_SORT_CODE_BEFORE = lazy_pattern(
    r"(?<![A-Za-z0-9\x7f./-])(?<![0-9] )(?P<number>[0-9]{2}(?: ?- ?[0-9]{2}){2}) \(?\Z"
)
# A sort code with its account, without a name: "30-94-57 28817703", but not a date and its time
_WITH_ACCOUNT = lazy_pattern(
    r"""(?<![A-Za-z0-9\x7f./-])(?P<code>[0-9]{2}-[0-9]{2}-[0-9]{2})
        (?:[ ,;/|]{1,3}|[ ](?:with|and)[ ])
        (?P<number>(?!(?:19|20)[0-9]{2}[01][0-9][0-3][0-9])[0-9]{8})(?![A-Za-z0-9\x7f]|[./-][0-9])""",
    re.VERBOSE,
)
# "to 28817703, sort code 30-94-57"
_BEFORE_SORT_CODE = lazy_pattern(
    r"(?<![A-Za-z0-9\x7f./-])(?P<number>[0-9]{8})(?:[,;]? (?:and |with )?)(?:the )?\Z"
)
_ACCOUNT_NEAR = lazy_pattern(r"(?<![a-z])(?:acc(?:oun)?t?|a/c)(?![a-z])")
_NEAR = 40
_NOT_LETTERS = lazy_pattern(r"[^a-z]+")


def find_bank_accounts(searched: Searched) -> Iterator[Span]:
    """Find IBANs by their check digits, and other account numbers by the word before them."""
    if searched.digit_count < _MIN_DIGITS:
        return
    yield from _find_ibans(searched)
    for pattern in (_NAMED, _NAMED_RUSSIAN, _NAMED_CZECH):
        for match in pattern.finditer(searched):
            if not _is_amount(searched, match) and not _is_of_a_service(searched, match):
                start, end = match.span("number")
                end = end_of_number(searched.lower, start, end, _MIN_DIGITS)
                if not _is_reached(searched, match, (start, end)) or _is_of_a_card(
                    searched, match, (start, end)
                ):
                    continue
                yield start, end
                yield from list_behind(searched.lower, start, end)
    yield from _find_several(searched)
    yield from _find_in_context(searched)


def _is_reached(searched: Searched, match: re.Match[str], span: Span) -> bool:
    """Return whether a name and its number belong together, over the words between them."""
    between = Between(searched, match, span[0])
    if between.is_direct:
        return True
    least = _MIN_LINKED_DIGITS if between.is_linked else _MIN_FAR_DIGITS
    has_form = sum(map(str.isdigit, searched.lower[slice(*span)])) >= least
    if match[0].startswith(_SORT_CODES) and _SORT_CODE_FORM.fullmatch(match["number"]):
        return not between.names_another(_OTHERS)
    is_strong = between.is_linked or _WHOLE_NATIONAL_FORM.fullmatch(match["number"])
    is_weak = match[0].startswith(_WEAK_NAMES) and not is_strong
    return has_form and not is_weak and reaches_far(searched, match, span, _OTHERS)


def _is_of_a_card(searched: Searched, match: re.Match[str], span: Span) -> bool:
    """Return whether a number is that of a card: "the card on my account to 4111..."."""
    before = context_before(searched.lower, match.start(), _NEAR)
    words = _NOT_LETTERS.split(f"{before}{match['between']}")
    return not CARD_NAMES.isdisjoint(words) and is_card_number(searched.lower[slice(*span)])


def _find_several(searched: Searched) -> Iterator[Span]:
    """Find the numbers of a list behind a plural."""
    for match in _SEVERAL.finditer(searched):
        start, end = match.span("number")
        following = list(list_behind(searched.lower, start, end))
        yield from [(start, end), *following] if following else []


def _find_in_context(searched: Searched) -> Iterator[Span]:
    """Find accounts before their name, and sort codes near an account."""
    for name in _NAME_BEHIND.finditer(searched):
        before = max(0, name.start() - _NEAR)
        number = _NUMBER_BEFORE.search(searched.lower, before, name.start())
        if number:
            yield number.span("number")
    yield from _find_sort_codes(searched)
    for match in _WITH_ACCOUNT.finditer(searched.lower):
        yield match.span("code")
        yield match.span("number")


def _find_sort_codes(searched: Searched) -> Iterator[Span]:
    """Find the sort codes behind or before their name near an account."""
    for match in _SORT_CODE.finditer(searched):
        start, end = match.span("number")
        if _is_near_account(searched, match.start(), end):
            yield start, end
    for name in _SORT_CODE_NAME.finditer(searched):
        before = max(0, name.start() - _NEAR)
        number = _BEFORE_SORT_CODE.search(searched.lower, before, name.start())
        if number:
            yield number.span("number")
    for match in _SORT_BEHIND.finditer(searched):
        before = max(0, match.start() - _NEAR)
        number = _SORT_CODE_BEFORE.search(searched.lower, before, match.start())
        if number and _is_near_account(searched, number.start(), match.end()):
            yield number.span("number")


def _is_near_account(searched: Searched, start: int, end: int) -> bool:
    words_before = context_before(searched.lower, start, _NEAR)
    words_behind = searched.lower[end : end + _NEAR].partition(MASK)[0]
    return bool(_ACCOUNT_NEAR.search(words_before) or _ACCOUNT_NEAR.search(words_behind))


def _is_amount(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether the word for an account has a month or takes something into account."""
    number = match["number"]
    if _YEAR_AND_MONTH.fullmatch(number):
        return True
    if not number.isdigit() or len(number) > _MAX_AMOUNT_DIGITS:
        return False
    before = context_before(searched.lower, match.start(), _IDIOM_WINDOW)
    return is_amount(searched.lower, match.end()) or bool(_IDIOM.search(before))


def _is_of_a_service(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether an account is one of a service, such as a cloud or a shop."""
    before = context_before(searched.lower, match.start(), _SERVICE_WINDOW)
    return match[0].startswith("acc") and bool(_OF_A_SERVICE.search(before))


def _find_ibans(searched: Searched) -> Iterator[Span]:
    position = 0
    begins = map(_IBAN_START.match, repeat(searched.text), searched.identifier_starts)
    for match in filter(None, begins):
        start, remainder = match.start(1), _iban_remainder(match[1].upper())
        rest = remainder.match(searched.text, match.end()) if remainder else None
        if rest and start >= position:
            end = rest.end()
            number = searched.text[start:end]
            is_iban = searched.passes(_is_iban, number, _CHECKS)
            if is_iban or is_named(searched, start, _IBAN_NAMES):
                yield start, end
                position = end


def _is_iban(number: str) -> bool:
    from stdnum import iban

    return bool(iban.is_valid(number, check_country=False))


@cache
def _iban_remainder(country: str) -> re.Pattern[str] | None:
    """Return what follows the country and the check digits in the IBANs of a country."""
    from stdnum import numdb

    [*_, (_, properties)] = numdb.get("iban").info(country)
    size = sum(map(int, _PART_SIZES.findall(properties.get("bban", ""))))
    if not size:
        return None
    return re.compile(rf"(?:[ .:/-]{{0,2}}+[A-Za-z0-9]){{{size}}}{_IBAN_END}")
