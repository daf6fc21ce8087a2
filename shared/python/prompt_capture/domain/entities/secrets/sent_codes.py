"""Codes that a service sends, where neither a lock nor a login names them: "Kodunuz 482913"."""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.candidates import YEAR_NUMBER, is_amount
from prompt_capture.domain.entities.searched import (
    MASK,
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
    context_before,
    name_set,
    names,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_YOUR_CODES = names(
    """mfa kodunuz kodun kódod kódja koodisi رمزك كودك 校验码""",
    "your code", "tu código", "su código", "seu código", "votre code", "ton code", "ihr code",
    "dein code", "il tuo codice", "uw code", "je code", "din kod", "din kode", "twój kod",
    "kode anda", "kode kamu", "הקוד שלך", "קוד האימות שלך", "קוד האימות", "קוד אימות",
    "κωδικός σας", "您的代码", "你的代码", "mã của bạn", "รหัสของคุณ", "आपका कोड", "codul tău",
    "codul dvs.", "codul dumneavoastră", "codul de verificare", "codul dvs. de verificare",
    "váš kód", "tvůj kód", "ověřovací kód", "váš ověřovací kód", "overovací kód",
    "váš overovací kód", "vaš kod", "tvoj kod", "ваш код", "твой код", "твій код", "вашият код",
    "کد شما", "کد تایید", "کد تأیید", "کد ورود", "your otp", "आपका otp",
)  # fmt: skip
"""Names with an owner, which a service gives its codes, and those that name nothing else."""

# Words before such a name that say more about the code: "tek kullanimlik kodunuz".
_KINDS_BEFORE = name_set(
    "kullanimlik sms otp whatsapp google instagram facebook telegram ön az a \u03bf"
)
_BEGINS = lazy_pattern(r"(?:\A|[.,:!?)\]\u3011] ?)[(\[\u3010]?\Z")
_IS = any_of((*words.IS, *names("este je on la")))
_VALUE = rf"(?P<value>[0-9]{{4,8}}|[0-9]{{3}}[ -][0-9]{{3}}){NOT_BEFORE_WORD}(?![.,:/-][0-9])"
_RELATION = (
    rf"[*_`]{{0,3}}(?P<is>\ ?[:=|]|\ {_IS}:?|\ -|\ ?{any_of(words.IS_WITHOUT_SPACE)})?"
    r"[*_`]{0,3}\ ?[(\[\u3010*_`]{0,3}"
)
_YOUR_CODE = NamePattern(_YOUR_CODES, rf"{any_of(_YOUR_CODES)}{_RELATION}{_VALUE}")
# A name that begins with a digit: "2FA: 482913", "2FA code 482913".
_SECOND_FACTOR = lazy_pattern(
    rf"2(?<![a-z0-9\x7f].)-?fa(?:[ -](?:code|token|kod|kode|codigo|codice))?{_RELATION}{_VALUE}",
    re.VERBOSE,
)
# What ends the sentence behind a code.
_ENDS = lazy_pattern(r"[)\]\u3011]?(?:\Z|[.,;!?]| (?:है|olarak)(?![^\W_])|\ ?[^\x00-\x7f])")

_CODES = names(
    "code codes código codice kod kodu kode koden koodi kód код コード 코드 कोड รหัส קוד הקוד"
)
_CODE = NamePattern(_CODES, rf"{any_of(_CODES)}{_RELATION}{_VALUE}")
# What a service says about a code that it sends.
_WARNING = lazy_pattern(
    any_of(
        names(
            "请勿 切勿 勿泄露 不要告诉",
            "do not share", "don't share", "never share", "not share", "not disclose",
            "nicht weiter", "niemandem", "nicht teilen", "никому не", "не сообщайте", "не говорите",
            "не передавайте", "не називайте", "нікому не", "no compartas", "no comparta",
            "no lo compartas", "no lo comparta", "ne partagez", "ne le partagez", "ne communiquez",
            "ne le communiquez", "não compartilhe", "não partilhe", "non condividere",
            "non condividerlo", "nie udostępniaj", "nie podawaj", "kimseyle paylaş",
            "jangan bagikan", "jangan berikan", "dela inte", "del ikke", "deel deze", "deel dit",
            "他人に教え", "공유하지",
        )
    )
)  # fmt: skip
_EXPIRY = lazy_pattern(
    r"(?:valid[ao]?|expires?|gultig|ablauft|valable)(?: [a-z]+){0,3} [0-9]{1,3} ?min"
)
# What opens a link that was found: "<URL> (code 418-ROT)"
_BEHIND_LINK = lazy_pattern(
    rf"""\x7f[ ]?[(\[][ ]?(?:access[ ]|pass|zugangs|mit[ ]|with[ ])?
        (?:{any_of((*_CODES, *words.PASSWORD, *words.PIN))})[ ]?[: =][ ]?
        (?P<value>[a-z0-9#*_.!-]{{3,32}})(?=[)\]])""",
    re.VERBOSE,
)
_BRACKETS_BEHIND_LINK = (f"{MASK}(", f"{MASK} (", f"{MASK}[", f"{MASK} [")
_MAX_AROUND = 12
_AROUND_MESSAGE = " .!|*_`'\"()[]\u3010\u3011"
_WINDOW = 60
_MIN_DIGITS = 4
_USUAL_SIZE = 6


def find_sent_codes(searched: Searched) -> Iterator[Span]:
    """Find the codes behind "your code" in many languages, and those that nobody may share."""
    if any(bracket in searched.text for bracket in _BRACKETS_BEHIND_LINK):
        yield from (match.span("value") for match in _BEHIND_LINK.finditer(searched.lower))
    if searched.digit_count < _MIN_DIGITS:
        return
    for match in _YOUR_CODE.finditer(searched):
        if _is_sent(searched, match):
            yield match.span("value")
    if "fa" in searched.lower:
        second_factors = _SECOND_FACTOR.finditer(searched.lower)
        yield from (each.span("value") for each in second_factors if _is_code(searched, each))
    for match in _CODE.finditer(searched):
        if _is_whole_message(searched, match) or _is_to_be_kept(searched, match):
            yield match.span("value")


def _is_code(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether a value is neither a year nor an amount."""
    return not YEAR_NUMBER.fullmatch(match["value"]) and not is_amount(
        searched.lower, match.end("value")
    )


def _is_sent(searched: Searched, match: re.Match[str]) -> bool:
    lower, start, end = searched.lower, match.start(), match.end("value")
    before = lower[max(0, start - _WINDOW) : start]
    is_first = _BEGINS.search(before) or _last_word(before) in _KINDS_BEFORE
    if not is_first or not _is_code(searched, match):
        return False
    return bool(match["is"] or len(match["value"]) == _USUAL_SIZE or _ENDS.match(lower, end))


def _is_whole_message(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether a text is a code and its name alone: "Code: 4829", "code 482913".

    Without a sign or a verb, the code has the usual size.
    """
    lower = searched.lower
    is_usual = sum(map(str.isdigit, match["value"])) == _USUAL_SIZE
    may_be_code = is_usual or (match["is"] and not YEAR_NUMBER.fullmatch(match["value"]))
    if not may_be_code or len(lower) - (match.end() - match.start()) > _MAX_AROUND:
        return False
    return not (lower[: match.start()] + lower[match.end() :]).strip(_AROUND_MESSAGE)


def _is_to_be_kept(searched: Searched, match: re.Match[str]) -> bool:
    lower = searched.lower
    before = context_before(lower, match.start(), _WINDOW)
    if YEAR_NUMBER.fullmatch(match["value"]) or _last_word(before) in words.NO_SERVICES:
        return False
    behind = lower[match.end() : match.end() + _WINDOW].partition(MASK)[0]
    if _BEGINS.search(before) and _EXPIRY.search(behind):
        return True
    return bool(_WARNING.search(before) or _WARNING.search(behind))


def _last_word(text: str) -> str:
    return text.rstrip(" ").rpartition(" ")[2]
