"""The forms of dates: in digits, with the month as a word, and in words."""

import re

from prompt_capture.domain.entities.searched import (
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
    names,
)
from prompt_capture.domain.patterns import any_field_of, any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_MONTHS = names(
    """january february march april may june july august september october november december
    jan feb mar apr jun jul aug sep sept oct nov dec
    januar jänner februar märz mai juni juli oktober dezember okt dez
    janvier février mars avril juin juillet août septembre octobre novembre décembre
    enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre
    janeiro fevereiro março maio junho julho setembro outubro novembro dezembro
    januari februari maart marts mei maj augustus augusti
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada
    grudnia января февраля марта апреля мая июня июля августа сентября октября ноября декабря
    जनवरी फरवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर सितम्बर अक्टूबर अक्तूबर नवंबर नवम्बर
    दिसंबर दिसम्बर
    gener febrer març maig juny juliol agost setembre octubre desembre
    siječnja veljače ožujka travnja svibnja lipnja srpnja kolovoza rujna studenoga studenog
    prosinca maret agustus desember
    ιανουαρίου φεβρουαρίου μαρτίου απριλίου μαΐου ιουνίου ιουλίου αυγούστου σεπτεμβρίου οκτωβρίου
    νοεμβρίου δεκεμβρίου
    ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר
    בינואר בפברואר במרץ באפריל במאי ביוני ביולי באוגוסט בספטמבר באוקטובר בנובמבר בדצמבר
    มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม
    ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık
    ledna února března dubna května června července srpna září října listopadu prosince
    januára februára marca apríla mája júna júla augusta septembra októbra novembra decembra
    ianuarie februarie martie aprilie iunie iulie septembrie octombrie noiembrie decembrie
    január február március április május június július augusztus szeptember október
    січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня
    tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta
    lokakuuta marraskuuta joulukuuta marts
    يناير فبراير مارس أبريل ابريل مايو يونيو يوليو أغسطس اغسطس سبتمبر أكتوبر اكتوبر نوفمبر ديسمبر
    """  # noqa: RUF001 (Turkish)
)
WHOLE_WORD = "(?<![\u0370-\u0dff](?=[\u0370-\u0dff]))"
"""The end of a word in scripts that have spaces between words, and letters of no ASCII."""
MONTH = any_of(_MONTHS) + WHOLE_WORD
YEAR = "(?:19|20|25)[0-9]{2}"
"""A year, also one of the Buddhist calendar."""
_SHORT_YEAR = r"'?[0-9]{2}(?![0-9\x7f:]|\.[0-9])"
ORDINAL = r"(?:st|nd|rd|th|er|\.|o)?"
DATE = lazy_pattern(
    rf"""[0-9](?<![0-9A-Za-z\x7f].)(?:
        (?:(?<=1)9|(?<=2)0)[0-9]{{2}}(?:
            \ ?{any_of(names("年 년"))}\ ?[0-9]{{1,2}}\ ?{any_of(names("月 월"))}
                (?:\ ?[0-9]{{1,2}}(?:\ ?{any_of(names("日 일"))})?)?
            |(?P<separator>[./ -])\ ?[0-9]{{1,2}}(?P=separator)\ ?[0-9]{{1,2}}
                (?:[t ][0-9]{{2}}:[0-9]{{2}}(?::[0-9.]{{2,10}})?(?:z|[+-][0-9]{{2}}:?[0-9]{{2}})?)?
            |\.\ {MONTH}\ [0-9]{{1,2}}\.?
            |(?:0[1-9]|1[0-2])[0-3][0-9])
        |[0-9]?(?:
            \ ?{any_of(names("年 년"))}\ ?[0-9]{{1,2}}\ ?{any_of(names("月 월"))}   # of an era
                \ ?[0-9]{{1,2}}\ ?{any_of(names("日 일"))}
            |(?P<between>\ ?[./ -])\ ?[0-9]{{1,2}}(?P=between)\ ?(?:{YEAR}|{_SHORT_YEAR})
            |[./][0-9]{{1,2}}\.?[ -]{YEAR}                        # "15/7-1984"
            |\ {any_of(names("tháng"))}\ [0-9]{{1,2}},?\ {any_of(names("năm"))}\ {YEAR}
            |{ORDINAL}[ -]?(?:(?:of|de|di|do|day\ of)\ )?{MONTH}\.?
                (?:[ ,-]{{0,2}}(?:(?:of|de|del|do)\ )?(?:{YEAR}|{_SHORT_YEAR}))?)
        |[0-9](?:0[1-9]|1[0-2]){YEAR}
        ){NOT_BEFORE_WORD}""",
    re.VERBOSE,
)
DAY_AND_MONTH = lazy_pattern(
    rf"""(?<![A-Za-z0-9\x7f])(?:
        [0-9]{{1,2}}{ORDINAL}[ -]?(?:(?:of|de|di|do|day\ of)\ )?{MONTH}\.?[ ,-]{{1,2}}
            (?:(?:of|de|del|do)\ )?
        |{MONTH}\.?[ -](?:the\ )?[0-9]{{1,2}}{ORDINAL}[ ,-]{{1,2}})\Z""",
    re.VERBOSE,
)
"""A day and a month in words, up to the year."""
DATE_FROM_MONTH = NamePattern(
    _MONTHS,
    rf"""{MONTH}\.?[ -](?:the\ )?[0-9]{{1,2}}{ORDINAL}
        (?:[ ,-]{{1,2}}(?:{YEAR}|{_SHORT_YEAR}))?{NOT_BEFORE_WORD}""",
)
_UNDER_TEN = names("first second third fourth fifth sixth seventh eighth ninth")
_GERMAN_STEMS = names(
    """ers zwei drit vier fünf sechs sieb ach neun zehn elf zwölf dreizehn vierzehn fünfzehn
    sechzehn siebzehn achtzehn neunzehn zwanzigs dreißigs einunddreißigs""",
    *(f"{unit}undzwanzigs" for unit in names("ein zwei drei vier fünf sechs sieben acht neun")),
)
_ORDINALS = names(
    """tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth
    nineteenth twentieth thirtieth""",
    *_UNDER_TEN, *(f"twenty {unit}" for unit in _UNDER_TEN), "thirty first",
    *(f"{stem}te{ending}" for stem in _GERMAN_STEMS for ending in ("", "n", "r")),
)  # fmt: skip
_UNIT_IN_WORDS = "(?:one|two|three|four|five|six|seven|eight|nine)"
_BELOW_HUNDRED = (
    rf"(?:(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[ -]{_UNIT_IN_WORDS})?|ten"
    rf"|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:oh?[ -])?{_UNIT_IN_WORDS})"
)
_YEAR_IN_WORDS = (
    rf"(?:(?:nineteen|twenty)(?:[ -]hundred)?(?:[ -]and)?[ -]{_BELOW_HUNDRED}"
    rf"|two[ -]thousand(?:(?:[ -]and)?[ -]{_BELOW_HUNDRED})?"
    r"|(?:neunzehnhundert|zweitausend)[a-z]{0,20})"
)
DATE_IN_WORDS = NamePattern(
    (*_ORDINALS, *_MONTHS),
    rf"""(?:{any_field_of(_ORDINALS)}\ (?:(?:of|day\ of)\ )?{MONTH}
        |{MONTH}\ (?:the\ )?{any_field_of(_ORDINALS)}),?\ {_YEAR_IN_WORDS}{NOT_BEFORE_WORD}""",
)
_YEAR_BEHIND = lazy_pattern(rf",? {_YEAR_IN_WORDS}{NOT_BEFORE_WORD}")
_YEARS_IN_WORDS = ("nineteen", "twenty", "thousand", "neunzehnhundert", "zweitausend")
# A date of birth in six digits: "DOB 270769"
_DAY, _MONTH_OF_YEAR = "(?:0[1-9]|[12][0-9]|3[01])", "(?:0[1-9]|1[0-2])"
SIX_DIGITS = lazy_pattern(
    rf"(?: ?[:=#] ?| is | )?(?P<date>{_DAY}{_MONTH_OF_YEAR}[0-9]{{2}}"
    rf"|{_MONTH_OF_YEAR}{_DAY}[0-9]{{2}}|[0-9]{{2}}{_MONTH_OF_YEAR}{_DAY})"
    rf"{NOT_BEFORE_WORD}(?![.,:/-][0-9]| [0-9])"
)
_ERAS = names("明治 大正 昭和 平成 令和 民国")


def date_at(lower: str, position: int) -> re.Match[str] | None:
    """Return the date at a position, which begins with a digit or a month."""
    pattern = DATE if lower[position : position + 1].isdigit() else DATE_FROM_MONTH.pattern
    return pattern.match(lower, position)


def has_years_in_words(searched: Searched) -> bool:
    """Return whether a text may have dates in words."""
    return any(year in searched.lower for year in _YEARS_IN_WORDS)


def whole_span(lower: str, date: re.Match[str]) -> Span:
    """Return the span of a date with the era that its year is of, or with a year in words."""
    start, end = date.span()
    year = None if lower[end - 1].isdigit() else _YEAR_BEHIND.match(lower, end)
    end = year.end() if year else end
    era = next((era for era in _ERAS if lower.endswith(era, 0, start)), "")
    return start - len(era), end
