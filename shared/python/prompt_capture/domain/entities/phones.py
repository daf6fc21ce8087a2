"""Phone numbers."""

import re
from collections.abc import Iterator
from itertools import pairwise

from prompt_capture.domain.entities.candidates import (
    MEASURES,
    NO_NAMED_NUMBER,
    REFERENCES,
    end_of_number,
    is_amount,
    is_named,
    is_reference,
    list_behind,
)
from prompt_capture.domain.entities.phone_regions import (
    is_international,
    is_national,
    split_code,
)
from prompt_capture.domain.entities.searched import (
    NAME_END,
    NOT_AFTER_WORD,
    NOT_BEFORE_WORD,
    NUMBER,
    REMARK,
    NamePattern,
    Searched,
    context_before,
    name_set,
    names,
)
from prompt_capture.domain.entities.spelled_digits import find_spelled_numbers
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_MIN_DIGITS, _MIN_UNNAMED_DIGITS = 7, 9
# Behind a number or a variable, the sign adds: "2x+12345678".
_INTERNATIONAL = lazy_pattern(
    r"[+%0](?:(?:(?<=\+)(?<![0-9)]\+)(?<![^A-Za-z][A-Za-z]\+)"
    r"(?! (?:(?<=[0-9)] \+ )|(?<=[^A-Za-z][A-Za-z] \+ )))|(?<=%)2[Bb]) ?"
    r"|(?<=0)(?<![A-Za-z0-9\x7f+]0)(?<![0-9\x7f][.,:]0)0)"
    r"[1-9](?:[ ()./-]{0,3}[0-9]){6,14}(?![0-9\x7f])"
)
_NUMBER = r"(?P<number>\(?[0-9](?:[ ()./-]{0,3}[0-9]){6,13})(?![A-Za-z0-9\x7f-]|:[0-9a-f:])"
_NAMES = names(
    """call calls called calling ring phone phones tel тел telephone mobile cell cellphone text sms
    texted texting fone whatsapp signal telegram viber fax dial reach reached contact landline
    hotline callback mob ph puh τηλ
    anrufen anruf anrufe ruf rufe rufnummer rufnr handy handynummer handynr mobil mobilnummer
    mobilnr festnetz durchwahl telefon telefonnummer telefonnr telefonat
    appelle appeler appelez rappelle rappeler telephoner portable
    llama llámame llamar llame llámeme llamarme teléfono móvil chiama chiamami chiamare cellulare
    telefona telefonar ligue liguem ligar celular telefone telemóvel tlm telm wpp
    bel bellen mobiel telefoon telefoonnummer ringa mobilen telefonnumret telefonnummeret
    mobilnummeret mobilnumret tlf
    puhelin soita zadzwoń dzwoń oddzwoń oddzwonić komórka telefonu kontakt
    contato contacto fijo whats cel zap zapzap
    电话 手机 手机号 打给 我的号码 短信 拨打 致电 电联 回电 联系方式
    電話 携帯 連絡先 전화 전화번호 휴대폰 핸드폰 내번호 연락처 문자
    телефон телефону мобильный звони позвони τηλέφωνο κινητό telefonszám telefonum điện thoại
    फोन फ़ोन मोबाइल هاتف هاتفي جوال جوالي موبايل טלפון נייד โทร เบอร์โทร""",
    "kom.", "txt me", "msg me", "message me", "dm me", "hit me up", "hmu", "my digits",
    "me liga", "me chama", "liga pra", "liga pro", "liga para", "liga ao", "liga à",
)  # fmt: skip
PHONE_NAMES = frozenset(_NAMES)
_NAMED = NamePattern(
    _NAMES,
    rf"{any_of(_NAMES)}(?:[ _-]?{NUMBER})?{NAME_END}{REMARK}"
    rf"(?:[^0-9+\x7f]{{0,25}}?|\.?[^0-9+.!?;|\x7f]{{25,56}}?)(?<![a-z]){_NUMBER}",
    numbered=True,
)
_ALSO_OTHER = lazy_pattern(
    rf"(?:call|ring|cell|text|signal|dial|reach|contact|mob|ruf|ligue|liga|llam|kontakt|cel|bel|zap"
    rf"|appel|rappel|chiam|hotline)(?!phone)[a-z]*{NOT_BEFORE_WORD}(?! ?{NUMBER}{NOT_BEFORE_WORD})"
)
_MAX_VERB = 36
# A verb whose particle may be far behind it: "ruf bitte bei Familie Kranz an, ...".
_SEPARABLE_VERBS = names(
    """ruf rufe rufen rufst ruft klingel klingle melde meldet melden erreiche erreichen erreichst
    erreicht schreib schreibe schick schicke bel bellen ring ringa ringe"""
)
_NAMED_BY_VERB = NamePattern(
    _SEPARABLE_VERBS,
    rf"""{any_of(_SEPARABLE_VERBS)}{NAME_END}[^0-9+!?\x7f]{{0,60}}?
        \ (?:an|durch|unter|op|pa)(?:\ (?:die|der|nummer|numret|nr\.?)){{0,2}}[ ,:;-]{{1,3}}
        {_NUMBER}""",
)
# "My number is ...", "the number of the dorm is ...", but not "number 1234567".
_NUMBER_NAMES = names(
    "number nummer nummeret numret numéro número numero numer nr num номер 번호 नंबर"
)
_NAMED_NUMBER = NamePattern(
    _NUMBER_NAMES,
    rf"""{any_of(_NUMBER_NAMES)}{NAME_END}
        (?P<is>(?:\ [a-z'-]+){{0,6}}?
            (?:(?:\ (?:(?:do|til|fra)(?:\ [a-z]{{2,20}}){{1,3}}
                |is|ist|was|est|es|e|er|ar|to|это)|'s){NOT_BEFORE_WORD}|:))?
        [^0-9+\x7f]{{0,12}}?(?<![a-z]){_NUMBER}""",
)
_OWNERS = names(
    """my your his her their our new old mein meine dein deine sein seine ihr ihre unsere
    mon ton son mi tu su mio tuo suo mój mijn mitt meu teu seu twój мой 내 제 मेरा मेरे"""
)
_OWNER = lazy_pattern(rf"(?:{NOT_AFTER_WORD}{any_of(_OWNERS)} (?:[a-z]+ )?|'s )\Z")
_OWNER_WINDOW = 30
# "Mit" is "with" in German.
_DANISH_OWNER = lazy_pattern(rf"{NOT_AFTER_WORD}[md]it (?:[a-z]+ )?\Z")
_NOBODY = lazy_pattern(rf"(?:\A|[.,;:!?] ?|{NOT_AFTER_WORD}(?:the|die|le|el|il) )\Z")

# "Number of items: 1234567", "calls: 1234567" and a comparison are counts.
_COUNTED = lazy_pattern(
    r"of (?:[a-z]+ ){0,2}?(?:[a-z]{2,}[^'s]s|people|data)(?![a-z])"
    r"|\A(?i:calls|phones|texts|anrufe)['\"`]?\ ?[:=]|[<>]=? \Z"
)
# "Mobilen min er ..."
_NORDIC_MY = lazy_pattern(r"(?<=[a-z]) min (?=er |ar |:)")
_COUNT_BEFORE = lazy_pattern(
    r"(?:numbers? of|count of|sum of|total(?: of| de)?|average|avg|anzahl(?: der)?|summe der"
    r"|nombre de|numero de|numero di|liczba|antal)[ _](?:[a-z]+[ _])?\Z"
)
_COUNTS_IN_A_ROW = lazy_pattern(r"[0-9]{1,3}(?:[ .-][0-9]{1,3}){2,}")
_MIN_LIST = 3
# Digits, thousands or a range, without a zero before them
_AMOUNT = lazy_pattern(r"[1-9][0-9]*(?:-[0-9]+)?|[1-9][0-9]{0,2}(?:[ .][0-9]{3})+")
# "Phone: ", but not "Text: ", whose number may be a length
_FIELD = lazy_pattern(
    rf"(?:tel|ph|fone|fax|mobil|movil|cel|handy|puhelin)[a-z]*(?:[ _-]?{NUMBER})?\.? ?[:=] ?"
)
_NOT_LETTERS = lazy_pattern(r"[^a-z]+")

# "call id 12345678"
_ID = lazy_pattern(r"[ _-](?:id|sid|uuid|guid)[ :#=]{0,3}\Z")
# The argument of a call: "call f(x, 12345678)", "ring(12345678)"
_ARGUMENT = lazy_pattern(
    r"[ .=,(][A-Za-z_]\w*\((?:[\w.\"' ]{1,20}, ?)*\Z"
    r"|\A(?:ring|call|calls|dial|reach|contact|text|signal|cell)\(\Z",
    re.ASCII,
)
_LIST = lazy_pattern(r"(?:[0-9]{2}[ .-]){3}(?:[0-9]{2}[ .-]){2,}[0-9]{2}\Z")


# Groupings and prefixes that other numbers lack, by the regions that use them.
_NATIONAL = lazy_pattern(
    r"""[(0-9](?<![A-Za-z0-9\x7f+=/$-].)(?=[0-9\ ()/.-]{8})(?<![0-9\x7f][.,:].)(?:
            (?P<america>(?:(?<=\()[2-9][0-9]{2}\)\ ?
                    |(?<=[1-9])(?:(?<=1)[ .-]?[2-9])?[0-9]{2}[ .-])
                [2-9][0-9]{2}[ .-][0-9]{4})
            |(?<=8)(?P<russia>[ -]?\(9[0-9]{2}\)[ -]?[0-9]{3}[ -]?[0-9]{2}[ -]?[0-9]{2}
                |[ -]9[0-9]{2}[ -][0-9]{3}[ -][0-9]{2}[ -][0-9]{2})
            |(?<=[67])(?P<spain>[0-9]{2}(?:\ [0-9]{2}){3})
            |(?<=[(0])(?P<north>(?:(?<=\()0)?[1-9](?:(?:[ ()/.-]{0,2}|\ [/-]\ )[0-9]){7,10})
        )(?![A-Za-z0-9\x7f]|[.,/:-][0-9])""",
    re.VERBOSE,
)
_REGIONS = {
    "america": ("US",),
    "spain": ("ES",),
    "russia": ("RU",),
    "north": ("GB", "DE", "FR", "KR", "JP"),
}
# With a Chinese character before or behind it.
_CHINESE_MOBILE = lazy_pattern(
    r"""1(?<![A-Za-z0-9\x7f+.-].)(?:(?<=[\u4e00-\u9fff]1)|(?<=[\u4e00-\u9fff][ :]1)
            |(?=[0-9 -]{10,12}[\u4e00-\u9fff]))
        [3-9][0-9](?P<separator>[ -]?)[0-9]{4}(?P=separator)[0-9]{4}
        (?![A-Za-z0-9\x7f]|[.-][0-9])""",
    re.VERBOSE,
)
_FIRST_GROUP = lazy_pattern("[0-9]+")
_LAST_GROUP = lazy_pattern(r"(?<= )[0-9]+\Z")
# Two groups with digits, as in "1Z 999 AA1 ", or one.
_GROUPS_BEFORE = lazy_pattern(
    r"(?<![^ #])(?P<code>[A-Z]*[0-9][A-Z0-9]* )?(?P<last>[A-Z]*[0-9][A-Z0-9]*) \Z"
)
_GROUP_BEHIND = lazy_pattern(r" ([1-9][0-9]+)(?![^ .,;!?)])")
# A count, a year or the number of a house behind a number: " 2026 budget"
_COUNTED_BEHIND = lazy_pattern(r"(?: -)? [0-9]{1,5} [^\W\d_]{2,}")
_NUMBER_BEHIND = lazy_pattern(r" (?=\(?0|\+)")
_OWN_NUMBER = lazy_pattern(r"[(+]?[0-9](?:[ ()./-]{0,3}[0-9]){7}")
_MAX_DIGITS, _PAIR, _MIN_DEVICE_DIGITS = 15, 2, 6
_NEXT_NUMBER = lazy_pattern(r" (?P<number>\(?[0-9](?:[ ()./-]{0,3}[0-9]){6,13})(?![A-Za-z0-9\x7f])")
_RUN_WINDOW = 24
_METER = lazy_pattern(
    r"meters?\b|reading|kwh|m3\b|zahler|zaehler|compteur|contador|contatore|licznik|meterstand"
)
_METER_WINDOW = 60
_SPELLED_NAMES = PHONE_NAMES | name_set("number numbers digits its it's it")
_SPELLED_WINDOW = 40
_COUNTED_UP = "1234567890"
# Numbers of companies and the like, which begin with zeros
_OTHER_NUMBER = lazy_pattern(
    r"(?<![a-z])(?:company|registration|registered|prescription|charity|licence|license|patent"
    r"|permit|certificate|vehicle|drug|script)(?: (?:number|no\.?|num|nr|reg))+"
    r"(?: (?:is|was|of [a-z]+ is))?[ :#]{0,3}\Z"
)
_PHONE_GROUPS = lazy_pattern(r"0[0-9]{2,4}[ /-][0-9]{3,4} ?[0-9]{3,}")
_CHECKS = 60
_NOT_DIGITS = lazy_pattern(r"[^0-9]+")


def find_phone_numbers(searched: Searched) -> Iterator[Span]:
    """Find phone numbers: international, named as one, or valid in a region that is common."""
    yield from [
        span
        for span, digits in find_spelled_numbers(searched)
        if _is_spelled(searched, span, digits)
    ]
    if searched.digit_count < _MIN_DIGITS:
        return
    for match in _named_numbers(searched):
        start, end = match.span("number")
        if _is_list_of_amounts(searched, start, end):
            continue
        end = _end_of_phone(searched, start, end)
        is_field = _FIELD.fullmatch(searched.lower, match.start(), start)
        if _may_be_phone(searched, (start, end), is_field=bool(is_field)):
            yield _with_brackets(searched.text, start, end)
            yield from list_behind(searched.lower, start, end)
    if not searched.text.isascii():
        mobiles = (match.span() for match in _CHINESE_MOBILE.finditer(searched.text))
        yield from (span for span in mobiles if _may_be_phone(searched, span))
    yield from _find_unnamed(searched)


def _is_spelled(searched: Searched, span: Span, digits: str) -> bool:
    """Return whether digits in words follow a word for a phone or a number: "ring oh seven ..."."""
    start, _ = span
    words = _NOT_LETTERS.split(context_before(searched.lower, start, _SPELLED_WINDOW))
    has_size = _MIN_DIGITS <= len(digits) <= _MAX_DIGITS and digits not in _COUNTED_UP
    return has_size and not _SPELLED_NAMES.isdisjoint(words) and not is_reference(searched, start)


def _find_unnamed(searched: Searched) -> Iterator[Span]:
    end = -2
    for (start, longest), regions in sorted(_unnamed_numbers(searched.text)):
        # Phone numbers that follow one another are no longer run of groups of digits.
        follows_phone = start == end + 1
        if not follows_phone and _goes_on_before(searched.text, start):
            continue
        for stop in _ends(searched, start, longest, is_international=not regions):
            is_apart = follows_phone or not _goes_on_behind(searched.text, start, stop)
            if is_apart and _is_unnamed_phone(searched, (start, stop), regions):
                yield _with_brackets(searched.text, start, stop)
                following = None if regions else _next_in_region(searched, start, stop)
                if following:
                    yield following
                end = following[1] if following else stop
                break


def _ends(searched: Searched, start: int, longest: int, *, is_international: bool) -> Iterator[int]:
    """Return where a number may end: with what may be its last group, and before that."""
    text = searched.text
    end = _end_of_phone(searched, start, longest)
    if is_international:
        yield _end_in_region(searched, start, end)
        return
    yield end
    space = text.rfind(" ", start, end)
    while space > start:
        stop = space - 2 if text.startswith(" -", space - 2) else space
        if _COUNTED_BEHIND.match(text, stop):
            yield stop
        space = text.rfind(" ", start, stop)


def _end_of_phone(searched: Searched, start: int, longest: int) -> int:
    """Return the end of a phone number without what begins behind it, such as another one.

    Where one that begins with a zero or "+" follows, all digits are too many for one number.
    """
    end = end_of_number(searched.lower, start, longest, _MIN_DIGITS)
    text = searched.text
    for own in _NUMBER_BEHIND.finditer(text, start, end):
        size = len(_NOT_DIGITS.sub("", text[start : own.start()]))
        if size >= (_MAX_DIGITS + 1) // 2 and _OWN_NUMBER.match(text, own.end()):
            return own.start()
    return end


def _end_in_region(searched: Searched, start: int, end: int) -> int:
    """Return the end of an international number in the form of its country, or else the longest."""
    stop = end
    while stop > start + _MIN_DIGITS:
        if searched.passes(is_international, searched.text[start:stop], _CHECKS):
            return stop
        stop = searched.text.rfind(" ", start, stop)
    return end


def _next_in_region(searched: Searched, start: int, end: int) -> Span | None:
    """Return where a number of the same region and length directly follows an international one."""
    following = _NEXT_NUMBER.match(searched.text, end)
    if not following:
        return None
    region, national = split_code(searched.text[start:end])
    begin, stop = following.span("number")
    while region and stop > begin + _MIN_DIGITS:
        number = searched.text[begin:stop]
        size = len(_NOT_DIGITS.sub("", number))
        if len(national) <= size <= len(national) + 1:
            is_phone = searched.passes(is_national, (number, (region,)), _CHECKS)
            if is_phone and _may_be_phone(searched, (begin, stop)):
                return _with_brackets(searched.text, begin, stop)
        stop = searched.text.rfind(" ", begin, stop)
    return None


def is_named_as_phone(searched: Searched, start: int) -> bool:
    """Return whether the words before a number name it as a phone number."""
    return is_named(searched, start, PHONE_NAMES)


def _named_numbers(searched: Searched) -> Iterator[re.Match[str]]:
    for match in _NAMED.finditer(searched):
        if _is_far_from_verb(match):
            continue
        is_id = _ID.search(searched.lower, match.start(), match.start("number"))
        if not is_id and not _is_count(searched, match):
            yield match
    yield from _NAMED_BY_VERB.finditer(searched)
    for match in _NAMED_NUMBER.finditer(searched):
        before = searched.lower[max(0, match.start() - _OWNER_WINDOW) : match.start()]
        is_reference_of = not REFERENCES.isdisjoint(_NOT_LETTERS.split(match["is"] or ""))
        if is_reference_of or _is_other_number(searched, match.start("number")):
            continue
        is_named = (
            _OWNER.search(before)
            or (match["is"] and _NOBODY.search(before))
            or (_DANISH_OWNER.search(before) and (match["is"] or "").endswith(" er"))
        )
        if is_named and not _is_count(searched, match):
            yield match


def _is_far_from_verb(match: re.Match[str]) -> bool:
    """Return whether many words stand between a number and a word that also means other things."""
    return match.start("number") - match.start() > _MAX_VERB and bool(_ALSO_OTHER.match(match[0]))


def _is_count(searched: Searched, match: re.Match[str]) -> bool:
    """Return whether a number is a count or a measure: "call volume: 1234567".

    Counts have no zero before them. In groups, they are several in a row: "text sizes 12 14 16 18".
    """
    number = match["number"].removeprefix("(")
    if number[0] == "0" or not (number.isdigit() or _COUNTS_IN_A_ROW.fullmatch(number)):
        return False
    text = searched.text[match.start() : match.end("number") - len(number)]
    if text[:6].lower() == "phones" and any(list_behind(searched.lower, *match.span("number"))):
        return False
    if _ARGUMENT.search(text):
        return True
    before = context_before(searched.lower, match.start(), _OWNER_WINDOW)
    return searched.recall(_counts, (before, text))


def _is_list_of_amounts(searched: Searched, start: int, end: int) -> bool:
    """Return whether groups of digits are amounts, each more than the last: "320 768 1440 px"."""
    return _is_ascending(searched.text[start:end]) and is_amount(searched.lower, end)


def _is_ascending(number: str) -> bool:
    groups = number.split(" ")
    return (
        len(groups) >= _MIN_LIST
        and all(map(str.isdigit, groups))
        and all(int(group) < int(following) for group, following in pairwise(groups))
    )


def _counts(context: tuple[str, str]) -> bool:
    before, text = context
    return bool(
        not MEASURES.isdisjoint(_NOT_LETTERS.split(_NORDIC_MY.sub(" ", text.lower())))
        or _COUNTED.search(text)
        or _COUNT_BEFORE.search(before)
    )


def _unnamed_numbers(text: str) -> Iterator[tuple[Span, tuple[str, ...]]]:
    """Find what may be a phone number: an international one, or one of some regions."""
    for match in _INTERNATIONAL.finditer(text):
        yield match.span(), ()
    for match in _NATIONAL.finditer(text):
        yield match.span(), _REGIONS[match.lastgroup or ""]


def _is_unnamed_phone(searched: Searched, span: Span, regions: tuple[str, ...]) -> bool:
    """Return whether a number is a phone number: with "+", or valid in one of its regions."""
    number = searched.text[slice(*span)]
    if not regions:
        return number[0] != "0" or not (
            is_reference(searched, span[0])
            or _is_read(searched, span)
            or _is_other_number(searched, span[0])
        )
    is_long = len(_NOT_DIGITS.sub("", number)) >= _MIN_UNNAMED_DIGITS
    may_be_phone = is_long and not _LIST.match(number) and _may_be_phone(searched, span)
    return may_be_phone and searched.passes(is_national, (number, regions), _CHECKS)


def _is_other_number(searched: Searched, start: int) -> bool:
    """Return whether a number is one of a company or the like, without the groups of a phone."""
    before = context_before(searched.lower, start, _OWNER_WINDOW)
    return bool(_OTHER_NUMBER.search(before)) and not _PHONE_GROUPS.match(searched.text, start)


def _is_read(searched: Searched, span: Span) -> bool:
    """Return whether a number is what a meter shows: "meter reading 00448271 kWh"."""
    start, end = span
    before = context_before(searched.lower, start, _METER_WINDOW)
    return is_amount(searched.lower, end) or bool(_METER.search(before))


def _goes_on_before(text: str, start: int) -> bool:
    """Return whether a number is the rest of a longer one, or of a code."""
    if (
        text[start] == "+"
        or text[start - 1 : start] != " "
        or not text[start - 2 : start - 1].isalnum()
    ):
        return False
    before = _GROUPS_BEFORE.search(text, max(0, start - _RUN_WINDOW), start)
    first = _FIRST_GROUP.match(text, start)
    return bool(before and (before["code"] or (first and _goes_on(before["last"], first[0]))))


def _goes_on_behind(text: str, start: int, end: int) -> bool:
    """Return whether a number is the first part of a longer one: of "8731 0042 9915 6620"."""
    if text[start] == "+":
        return False
    behind = _GROUP_BEHIND.match(text, end)
    last = _LAST_GROUP.search(text, start, end) if behind else None
    if not (behind and last and len(behind[1]) == len(last[0])):
        return False
    sizes = {len(group) for group in text[start:end].split(" ")}
    is_even = len(last[0]) > _PAIR and len(sizes) == 1
    is_run = is_even or _is_ascending(text[start : behind.end()])
    return is_run or not _COUNTED_BEHIND.match(text, end)


def _goes_on(last: str, first: str) -> bool:
    """Return whether a group of digits goes on a number, whose last group has its length.

    Those of devices and parcels may differ: "356938 04 771820 6", "JD0146 0038 8127".
    """
    is_of_device = len(first) == _PAIR and last.isdigit() and len(last) >= _MIN_DEVICE_DIGITS
    is_of_parcel = not last.isdigit() and len(last) >= _MIN_DEVICE_DIGITS
    return len(last) == len(first) or is_of_device or is_of_parcel


def _with_brackets(text: str, start: int, end: int) -> Span:
    """Return a span with both brackets of a pair, or without, where the span has one of them."""
    opened, closed = text.count("(", start, end), text.count(")", start, end)
    if opened > closed and text[start] == "(":
        return start + 1, end
    if closed > opened and text[start - 1 : start] == "(":
        return start - 1, end
    return start, end


def _may_be_phone(searched: Searched, span: Span, *, is_field: bool = False) -> bool:
    """Return whether a number, which may be the value of a field, is nothing else than a phone."""
    start, end = span
    number = searched.text[start:end]
    if NO_NAMED_NUMBER.match(number.lstrip("(")) or is_reference(searched, start):
        return False
    has_form = _AMOUNT.fullmatch(number) or (number[0] != "0" and _is_ascending(number))
    return is_field or not has_form or not is_amount(searched.lower, end)
