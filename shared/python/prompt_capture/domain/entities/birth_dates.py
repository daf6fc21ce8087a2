"""Dates of birth, where the words around a date name it as one."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from prompt_capture.domain.entities.date_columns import find_in_column, without_dividers
from prompt_capture.domain.entities.dates import (
    DATE,
    DATE_FROM_MONTH,
    DATE_IN_WORDS,
    SIX_DIGITS,
    WHOLE_WORD,
    YEAR,
    date_at,
    has_years_in_words,
    whole_span,
)
from prompt_capture.domain.entities.searched import (
    MASK,
    NAME_END,
    NamePattern,
    Searched,
    context_before,
    merge,
    name_set,
    names,
)
from prompt_capture.domain.patterns import any_field_of, any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_BORN = names(
    """birthdate dob d/o/b born geburtsdaten née geboren geb geburtsdatum geboortedatum naissance
    nacido nacida nació nací
    ddn nacimiento nascita nascido nascida nascimento nasceu nasci urodzony urodzona urodziłem
    urodziłam urodził urodziła urodzenia født född
    fødselsdato födelsedatum syntynyt syntymäaika narozen narozena született născut
    naixement nascut nascuda gimimo gimęs gimusi gimiau γεννημένος γεννημένη γεννήθηκε
    เกิดวันที่ เกิดเมื่อ วันเดือนปีเกิด
    rojen rojena sünniaeg sünnipäev sündinud рођен рођена
    родился родилась рождения народився народилася γεννήθηκα lahir doğumlu doğumluyum
    dzimis narodená narodený
    مواليد ولدت مولود مولودة נולדתי נולדה जन्मतिथि जन्म วันเกิด
    出生日期 出生于 出生在 出生 生于 诞生于 生年月日 出生年月日
    生まれ 誕生 생년월일 출생 태어난 태어났 태어나
    synnyin syntyi syntynyt syntymäaikani születtem narodil narodila doğdum doğdu
    rodio rodila родио родила родих sündisin sündis dzimu föddes fødtes nacqui nacque nasqué
    पैदा متولد dobs birthdates""",
    "birt 2 date",
    "date of birth", "birth date", "birth:", "d.o.b", "d.o.b.", "geb.", "geb.-datum", "geb.dat.",
    "geb.-dat.", "geb. dat.", "geb.datum", "geboortedat.",
    "f. nac.", "f.nac.", "fec. nac.", "fecha nac.", "fecha de nac.",
    "data nasc.", "data de nasc.", "dt. nasc.", "fecha nac", "fecha de nac", "fec nac", "data nasc",
    "data de nasc", "dt nasc", "ur.", "szül.",
    "nar.", "dat. nar.", "д.р.", "д. р.", "г.р.", "né le",  # noqa: RUF001 (Russian)
    "née le", "né(e) le", "né à", "née à", "né en", "née en", "né au", "née au",
    "né aux", "née aux",
    "nato il", "nata il", "nato a", "nata a", "nato in", "nata in",
    "doğum tarihi", "doğum tarihim",
    "synt.", "nasc.", "nac.", "doğ. tar.", "d. tarihi", "d.tarihi", "doğum günüm", "data ur.",
    "født d.", "rojstni datum", "datum rojstva", "dzimšanas datums", "gimimo data",
    "дата на раждане", "роден на", "родена на", "датум рођења", "датум на раѓање",
    "born on", "born at", "vaig néixer", "ngày tháng năm sinh", "ngày sinh", "sinh ngày",
    "sinh năm", "tanggal lahir", "tarikh lahir",
    "rođen", "rođena", "datum rođenja", "datum narození", "datum narodenia", "születési dátum",
    "születési idő", "data nașterii", "дата народження", "ημερομηνία γέννησης", "जन्म तिथि",
    "تاريخ الميلاد", "تاريخ ميلاد", "تاريخ تولد", "תאריך לידה", "วันที่เกิด",
    *(f"تاريخ {birth}{owner}" for birth in ("ميلاد", "ولادت", "مولد")
      for owner in ("ي", "ك", "ه", "ها", "نا", "هم")),  # noqa: RUF001 (Arabic)
    "تاريخ الولادة", "تاریخ تولد", "تاریخ تولدم", "تاریخ تولدش", "תאריך הלידה", "תאריך לידתי",
    "doğum tarihiniz", "doğum tarihimiz", "születési dátumom", "születési időm",
    "tanggal lahirku", "tanggal lahirnya",
)  # fmt: skip
_BIRTHDAY = names(
    """birthday b-day bday geburtstag anniversaire cumpleaños compleanno verjaardag urodziny
    födelsedag fødselsdag bursdag syntymäpäivä születésnap narozeniny narodeniny rođendan
    जन्मदिन 生日 誕生日 생일
    birthdays geburtstage anniversaires compleanni verjaardagen födelsedagar fødselsdager"""
)
# Directly behind a date: "1985年4月18日生", but not "18日生日" (birthday) or "18日生效" (in force).
_BORN_SUFFIX = names("生 생")
_NOT_BORN = names("生日 生效 生产 生産 生活 생일 생산 생활")
_NAME = NamePattern(
    (*_BORN, *_BIRTHDAY, *_BORN_SUFFIX),
    rf"""(?:(?P<birthday>{any_of(_BIRTHDAY)})|{any_field_of(_BORN)}
        |(?!{any_of(_NOT_BORN)})(?P<suffix>{any_of(_BORN_SUFFIX)})){NAME_END}{WHOLE_WORD}""",
)
_GAP_BEFORE_NAME, _GAP_AFTER_NAME, _MAX_DATE = 24, 48, 40
_MAX_IDIOM = 12
_NOT_IN_GAP = lazy_pattern(r"[0-9!?;\x7f]|\.(?! ?\Z)")
_IDIOM_BEFORE = lazy_pattern(r"\b(?:star is|natural|new(?:ly)?) \Z")
_IDIOM_BEHIND = lazy_pattern(
    r""",?\ (?:ready|again|free|for|this\ way|pink
        |to\ (?:run|win|be|ride|rock|lead|code|fly|shine|dance|perform|play|lose|die|do|make)
        |um|fur|para|per)\b""",
    re.VERBOSE,
)
"""What makes a word for birth an idiom: "born ready", "nacido para correr"."""
_MAIDEN_NAME = "nee"
"""Before a name and "le", it names a date: "née Martin le ..."; in Dutch it means "no"."""
_NOUN = lazy_pattern(r"da[td]|dob|d\.o|birth|day|fecha|fec|tag|naissance|imento|nascita")
_SHORT_NAMES = frozenset({"geb.", "ddn", "nasc.", "nac.", "szul.", "nar."})
_TIME = lazy_pattern(r"[0-9]{1,2}[:.][0-9]{2}(?: ?[ap]\.?m\.?)?(?![0-9.])")
_ANDS = names("and und et y e i og och en")
_LIST_JOINTS = {", ", *(f" {word} " for word in (*_ANDS, "&", "+", "/"))}
_OF_SEVERAL = lazy_pattern(
    r"\b(?:kids|children|twins|sons|daughters|both|all|kinder|zwillinge|enfants|hijos|figli|filhos"
    r"|dobs|births|birthdays|birthdates|dates|daten|dzieci|kinderen|barna|barnen"
    r"|geburtstage|geburtsdaten|anniversaires|compleanni|verjaardagen)\b"
)
_BEHIND_DATES = names("г.р. doğumlu doğumluyum")  # noqa: RUF001 (Russian)
"""Words that usually stand behind their date."""
# "Date of birth: ", "born on ", before a date or one that was found
_TO_OWN_DATE = lazy_pattern(
    r"""["'*|>]{0,3}\ ?(?:[:=|]\ ?)?["'*]{0,3}
        (?:(?:is|was|ist|war|est|es|e|on|in|at|am|im|the|le|el|il|em|op|den|на)\ ){0,2}
        (?P<found>\x7f+)?""",
    re.VERBOSE,
)
# How to write a date: "(TT.MM.JJJJ)"
_FORMAT = lazy_pattern(
    r"([^\W\d_])\1{1,3}(?P<sign>[./ -])([^\W\d_])\3{1,3}(?P=sign)([^\W\d_])\4{1,3}(?![^\W_])"
)
_ITS_VALUE_FOLLOWS = lazy_pattern(r" ?[:=]")
_ORDINAL_OF_FIELD = lazy_pattern(r"(?:\A| )#?[0-9]{1,2}(?= ?:(?![0-9]))")
# Between a question and its date: "DOB? ", "Q: Date of birth? A: "
_ANSWER_FOLLOWS = lazy_pattern(
    r"""[)"'*]{0,2}\ ?\?+\ ?(?:(?:a|answer|antwort|r|reponse|respuesta|risposta)\ ?[:.]\ ?)?
        [("'*-]{0,2}\ ?
    (?:(?:it's|it\ is|its|that's|he's|she's|is|ist|es\ ist|das\ ist|c'est(?:\ le)?|es\ el|e\ il|e)
        [ :,]{1,3})?""",
    re.VERBOSE,
)
# The time in a log or a chat, but not "12.03.1985 04:05 Uhr geboren"
_STAMP = lazy_pattern(r"(?:t|,? )[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?! ?(?:uhr|h|am|pm|[ap]\.m)\b)")
_DATE_BEFORE_BRACKET = lazy_pattern(r"[0-9\x7f] ?\(\Z")
_LABEL_IN_GAP = lazy_pattern(r"[^\W\d_]: ")
_OTHER_EVENTS = name_set(
    """order ordered invoice invoiced receipt billing payment paid bill contract deadline due
    meeting appointment hire hired hiring start started joined exit ended signed expiry expires
    expired issued release released version deployed founded established opened launched moved
    married died
    graduated since until project company product
    rechnung mahnung bestellung zahlung vertrag termin frist eintritt austritt einstellung seit
    ausgestellt projekts firma produkts
    facture commande paiement contrat échéance embauche depuis projet entreprise société
    factura pedido pago contrato vencimiento ingreso desde proyecto empresa
    fattura ordine pagamento contratto scadenza assunzione progetto azienda società
    fatura pagamento vencimento admissão projeto"""
)
"""Words that the date behind them belongs to: "order date 12/03/2026"."""
_CHANGES = name_set(
    """added removed updated created changed fixed introduced broke migrated renamed modified
    hinzugefügt entfernt geändert erstellt"""
)
"""Words that a date belongs to with a preposition: "added on ...", but not "changed to ..."."""
_FILLERS = name_set(
    """date dated day dt on in at from of the was is datum vom am im von ist war du le de en
    fecha el del la data il em do da"""
)
_EVENT_WINDOW, _MAX_FILLERS = 48, 3
_NOT_LETTERS = lazy_pattern(r"[^\w]+")
# A birthday of these years is one in the future or a celebration: "her birthday on 12.12.2026".
_CELEBRATED = lazy_pattern(r"20(?:2[4-9]|[3-9][0-9])")
_WITH_YEAR = lazy_pattern(
    rf"{YEAR}|[./-][0-9]{{2}}\Z|nineteen|twenty|thousand|neunzehnhundert|zweitausend"
)
# "Ann Lee (b. 15 July 1984)", "Anna Weber (* 12.03.1999 in Bonn)", "Anna Weber, *12.03.1999".
# Elsewhere the letter may count the parts of a question, and the sign the points of a list.
_SIGN = lazy_pattern(
    r"[bf(*](?:(?<![^ (\"'].)(?<![(*])\. ?|(?<=\()\* ?|(?<=\*)(?<![^ ].) ?(?=[0-9]))(?=[0-9a-z])"
)
_SIGNS = ("b.", "f.", "*")
_PARTS_WINDOW, _NAME_WINDOW = 80, 32
# A name, a bracket, a comma or nothing
_BEFORE_SIGN = lazy_pattern(r"(?:\A|[(,;|\"'-] ?|[A-Z](?<![A-Za-z].)[A-Za-z'-]{1,30} )\Z")
# "Anna Weber, * 12.03.1999 in Bonn": two words of a name, and what may follow a date of birth.
_FULL_NAME = lazy_pattern(r"[A-Z](?<![^ (].)[a-z'-]{1,30},? [A-Z][A-Za-z'-]{1,30},? \Z")
_BEHIND_BIRTH = lazy_pattern(r"\.?\Z|[,;)]| (?:in|zu|[+\u2020&-]) ")
# A condition in a query: "birth_date < '1960-01-01'"
_COMPARED = lazy_pattern(r"[\"'`)\]]{0,2} ?(?:[<>] ?['\"]|[<>!]=|<>|between )")
# What a second date follows that corrects the first one
_CORRECTIONS = names(
    """actually eigentlich правильно правильная верная 正しくは 正確には 本当は 应该是 应为 应当是
    正确的是 实际是 정확히는 실제로는 doğrusu správně helyesen الصحيح""",
    *(f"{verb} {be}" for verb in ("should", "must", "ought to", "needs to")
      for be in ("be", "read", "say")),
    *(f"{right}{one} {be}" for right in ("real", "correct", "right", "actual", "true")
      for one in ("", " one", " date", " day") for be in ("is", "was")),
    "mine is", "mine was", "meins ist",
    "richtig ist", "richtig wäre", "korrekt ist", "korrekt wäre", "devrait être", "la bonne est",
    "la bonne date est", "la vraie est", "la vraie date est", "en réalité", "debería ser",
    "debe ser", "la correcta es", "lo correcto es", "en realidad es", "la mía es",
    "dovrebbe essere", "quella giusta è", "quella corretta è", "in realtà è", "deveria ser",
    "devia ser", "o correto é", "a correta é", "na verdade é", "moet zijn", "juist is",
    "powinno być", "powinna być", "ma być", "prawidłowa to", "ska vara", "rätt är", "skal være",
    "rigtig er", "riktig er", "pitäisi olla", "oikea on", "должно быть", "должна быть",
    "на самом деле", "має бути", "má být", "corect este",
)  # fmt: skip
_CORRECTION = NamePattern(
    _CORRECTIONS,
    rf"""{any_of(_CORRECTIONS)}{NAME_END}
        (?:\ (?:is|it's|ist|the|on|am|der|le|el|il|em|op|den))?[ :"'(*]{{0,3}}""",
)
_MAX_CORRECTION = 120
# The next person in a list: "born ... and Margot ...", "birthdays of all: me ..., Kit ..."
_PERSON_IN_LIST = lazy_pattern(
    rf"\)?(?P<and>,? (?:{'|'.join(_ANDS)}) |[,;] ?)(?P<words>(?:[^\W\d_]+[ :]{{1,2}}){{1,2}}?)"
    r"(?:[(-] ?|(?:on|am|le|el|il|em|op|den|was|is) )?"
)
_MAX_PERSON = 40
_PERSONS = name_set(
    """me he she him her my his their wife husband son daughter brother sister mum dad mom mother
    father partner twin twins baby kid ich mein meine frau mann sohn tochter bruder schwester mutter
    vater fils fille frère soeur hijo hija hermano hermana figlio figlia fratello sorella"""
)
_FIRST_PART = lazy_pattern(r"a(?<![a-z0-9].)[.)] ")


def find_birth_dates(searched: Searched) -> Iterator[Span]:
    """Find dates with a word for birth before or after them: "born on", "12.3.1985 geboren".

    A birthday needs a year, so that reminders of birthdays keep their date.
    """
    if not searched.digit_count and not has_years_in_words(searched):
        return
    yield from _find_dates_behind_signs(searched)
    births = list(_NAME.finditer(searched))
    if not births:
        return
    from_digits = _dates_near(births, searched.lower)
    in_words = DATE_IN_WORDS.finditer(searched) if has_years_in_words(searched) else ()
    from_month = DATE_FROM_MONTH.finditer(searched)
    dates = sorted([*from_digits, *from_month, *in_words], key=re.Match.start)
    birth_starts = {birth.start() for birth in births}
    date_ends = {date.start(): date.end() for date in dates}
    with_own_date = {
        birth.start()
        for birth in births
        if _has_own_date(searched.lower, birth, date_ends, birth_starts)
    }
    yield from _find_six_digits(searched.lower, births)
    yield from _find_corrections(searched, births)
    previous = None
    first = 0  # where the list of dates begins
    behind = 0  # the first birth that a date precedes
    for date in dates:
        while behind < len(births) and births[behind].end() <= date.start():
            behind += 1
        neighbours = births[max(0, behind - 1) : behind + 1]
        named_by = [
            birth
            for birth in neighbours
            if (birth.start() <= date.end() or birth.start() not in with_own_date)
            and _is_named(searched.lower, birth, date)
        ]
        is_next = _is_next(searched, previous, date, first)
        if is_next or named_by:
            yield whole_span(searched.lower, date)
            first = first if is_next else date.start()
            previous = date
            for birth in named_by:
                yield from find_in_column(searched.lower, birth, date)


def _find_corrections(searched: Searched, births: list[re.Match[str]]) -> Iterator[Span]:
    """Find what corrects a date of birth: "DOB ... is wrong, should be ..."."""
    lower = searched.lower
    ends = [birth.end() for birth in births]
    for match in _CORRECTION.finditer(searched):
        date = date_at(lower, match.end())
        behind = bisect_right(ends, match.start())
        gap = lower[ends[behind - 1] : match.start()] if behind else MASK
        is_near = len(gap) <= _MAX_CORRECTION and MASK not in gap
        if not (date and is_near and _is_year_of_birth(date[0])):
            continue
        if _OTHER_EVENTS.isdisjoint(_NOT_LETTERS.split(gap)):
            yield whole_span(lower, date)


def _find_six_digits(lower: str, births: list[re.Match[str]]) -> Iterator[Span]:
    """Find the dates without signs that directly follow their name: "DOB 270769"."""
    for birth in births:
        is_date = _NOUN.search(birth[0]) or birth[0] in _SHORT_NAMES
        if is_date and not birth["birthday"]:
            date = SIX_DIGITS.match(lower, birth.end())
            if date:
                yield date.span("date")


def _is_next(
    searched: Searched, previous: re.Match[str] | None, date: re.Match[str], first: int
) -> bool:
    """Return whether a date directly follows a date of birth in a list."""
    lower = searched.lower
    if not previous or date.start() - previous.end() > _MAX_PERSON:
        return False
    joint = lower[previous.end() : date.start()]
    person = _PERSON_IN_LIST.fullmatch(joint)
    if not (joint in _LIST_JOINTS or person) or not _is_year_of_birth(date[0]):
        return False
    is_of_several = bool(_OF_SEVERAL.search(context_before(lower, first, _EVENT_WINDOW)))
    if not person:
        return joint != ", " or is_of_several
    words = searched.text[previous.end() : date.start()][slice(*person.span("words"))]
    has_and = person["and"].strip(" ,;") != ""
    return (is_of_several or has_and) and _are_persons(words, is_of_several=is_of_several)


def _are_persons(words: str, *, is_of_several: bool) -> bool:
    """Return whether words before a date name a person: "Margot", "my sister"."""
    each = [word for word in _NOT_LETTERS.split(words) if word]
    if not (_OTHER_EVENTS | _CHANGES).isdisjoint(map(str.lower, each)):
        return False
    return is_of_several or all(word[0].isupper() or word in _PERSONS for word in each)


def _find_dates_behind_signs(searched: Searched) -> Iterator[Span]:
    """Find the dates of birth behind "b.", "f." and "*", with a year that is no recent one."""
    lower = searched.lower
    for sign in _SIGN.finditer(lower) if any(sign in lower for sign in _SIGNS) else ():
        date = date_at(lower, sign.end())
        is_birth = date and _is_year_of_birth(date[0]) and not _is_note(searched, sign, date)
        if date and is_birth and not _is_part(searched, sign):
            yield date.span()


def _is_note(searched: Searched, sign: re.Match[str], date: re.Match[str]) -> bool:
    """Return whether a sign begins a footnote, bold letters or a point of a list."""
    text, start, end = searched.text, sign.start(), date.end()
    if sign[0] == "* ":
        is_point = text.count("* ") > 1
        has_name = not is_point and _FULL_NAME.search(text, max(0, start - 2 * _NAME_WINDOW), start)
        is_alone = not start and end == len(text)
        return not is_alone and not (has_name and _BEHIND_BIRTH.match(text, end))
    is_footnote = sign[0] == "*" and start == 0 and end < len(text)
    return is_footnote or text.startswith("*", end)


def _is_year_of_birth(date: str) -> bool:
    return bool(_WITH_YEAR.search(date)) and not _CELEBRATED.search(date)


def _is_part(searched: Searched, sign: re.Match[str]) -> bool:
    """Return whether a letter counts the parts of a question or a text: "Appendix B."."""
    start = sign.start()
    if sign[0].startswith("("):
        return False
    return (
        searched.text[start].isupper()
        or not _BEFORE_SIGN.search(searched.text, max(0, start - _NAME_WINDOW), start)
        or bool(_FIRST_PART.search(searched.lower, max(0, start - _PARTS_WINDOW), start))
    )


def _dates_near(births: list[re.Match[str]], lower: str) -> Iterator[re.Match[str]]:
    """Find the dates that begin with a digit, in the parts of a text around words for birth."""
    before = _GAP_BEFORE_NAME + _MAX_DATE
    near = merge(
        (max(0, birth.start() - before), birth.end() + _GAP_AFTER_NAME) for birth in births
    )
    for start, end in near:
        for date in DATE.finditer(lower, start, end + _MAX_DATE):
            if date.start() < end:
                yield date


def _has_own_date(
    lower: str, birth: re.Match[str], date_ends: dict[int, int], birth_starts: set[int]
) -> bool:
    """Return whether a word for birth names what follows it: a date, or the value of a field."""
    if birth[0] in _BEHIND_DATES:
        return False
    if birth[0].endswith(":") or _ITS_VALUE_FOLLOWS.match(lower, birth.end()):
        return True
    value = _TO_OWN_DATE.match(lower, birth.end())
    if value is None:
        return False
    end = value.end() if value["found"] else date_ends.get(value.end())
    # In a list, each date may stand before its word: "1985-03-12 DOB".
    return end is not None and all(
        lower[end : end + len(joint)] != joint or end + len(joint) not in birth_starts
        for joint in ("", " ", "(", " (")
    )


def _has_another_name(words_before: str) -> bool:
    """Return whether the words directly before a date name it as one of something else."""
    words = [word for word in _NOT_LETTERS.split(words_before) if word]
    fillers = 0
    while words and words[-1] in _FILLERS and fillers < _MAX_FILLERS:
        words.pop()
        fillers += 1
    return bool(words) and (words[-1] in _OTHER_EVENTS or (fillers > 0 and words[-1] in _CHANGES))


def _is_of_another(lower: str, birth: re.Match[str], date: re.Match[str]) -> bool:
    """Return whether what is around a date makes it one of something else than a birth."""
    # A name in brackets closes what it names: "12/03/1985 (DOB), 01/09/2020".
    is_behind_date = lower.startswith(")", birth.end()) and _DATE_BEFORE_BRACKET.search(
        lower, max(0, birth.start() - 3), birth.start()
    )
    if birth.end() <= date.start():
        return bool(is_behind_date) or _has_another_name(lower[birth.end() : date.start()])
    if is_behind_date or birth.start() == date.end():
        return False
    return bool(
        _LABEL_IN_GAP.search(lower, date.end(), birth.start())
        or _STAMP.search(lower, date.start(), birth.start())
        or _has_another_name(context_before(lower, date.start(), _EVENT_WINDOW))
    )


def _is_of_no_birth(lower: str, birth: re.Match[str], gap: str) -> bool:
    """Return whether a word for birth begins an idiom, a condition or names a maiden name."""
    if birth[0] == _MAIDEN_NAME and not gap.endswith(" le "):
        return True
    is_idiom = _IDIOM_BEHIND.match(lower, birth.end()) and not _NOUN.search(birth[0])
    return bool(
        is_idiom
        or _COMPARED.match(lower, birth.end())
        or _IDIOM_BEFORE.search(lower, max(0, birth.start() - _MAX_IDIOM), birth.start())
    )


def _is_named(lower: str, birth: re.Match[str], date: re.Match[str]) -> bool:
    is_before = birth.end() <= date.start()
    gap = lower[birth.end() : date.start()] if is_before else lower[date.end() : birth.start()]
    if birth["suffix"]:
        return birth.start() == date.end()
    if _is_of_no_birth(lower, birth, gap):
        return False
    if is_before and _ANSWER_FOLLOWS.fullmatch(gap):
        return _is_year_of_birth(date[0])
    gap = _FORMAT.sub("", _ORDINAL_OF_FIELD.sub("", without_dividers(lower, birth, gap)))
    is_near = len(gap) <= (_GAP_AFTER_NAME if is_before else _GAP_BEFORE_NAME)
    if not is_near or _NOT_IN_GAP.search(_TIME.sub("", gap)) or _is_of_another(lower, birth, date):
        return False
    return not birth["birthday"] or _is_year_of_birth(date[0])
