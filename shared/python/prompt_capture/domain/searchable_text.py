"""The form of a text in which redaction searches, with a map back to the text.

Readers of the queue, datasets and models see a normalised text. The searched form goes further,
so that no way of writing hides an entity: it has ASCII digits, ASCII punctuation, no diacritics,
nothing invisible and single spaces. It has the characters for which HTML references stand, spaces
and vertical bars in place of the tags that format a text, no marks of quoted lines, and a space
where a number touches its name: "TEL 030". A text and its normalised form have the same searched
form.
"""

import re
import sys
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property, lru_cache
from itertools import accumulate, groupby

from prompt_capture.domain.patterns import lazy_pattern

Span = tuple[int, int]
"""The start and the end of a part of a text, as in a slice."""

_LONG_LIGATURE = "\ufdfa"
_SHORT_LIGATURE = "\u0635"
_MAX_LONG_LIGATURES = 200
"""Unicode decomposes the ligature into 18 characters, any other character into 8 at most. Further
ones in a text are searched as one letter."""

_LOOK_ALIKES = {
    "\u0131": "i", "\u00f8": "o", "\u00d8": "O", "\u0142": "l", "\u0141": "L", "\u00df": "s",
    "\u0111": "d", "\u0110": "D", "\u2800": " ",
} | {
    look_alike: character
    for character, look_alikes in {
        ".": "\u3002\u06d4\u0964\u00b7\u2022\u2027\u2219\u22c5\u30fb",
        ",": "\u3001\u060c",
        ":": "\u2236\ua789\u02d0\u05c3",
        ";": "\u061b",
        "?": "\u061f",
        "/": "\u2044\u2215\u29f8",
        "-": "\u2212\u30fc\u02d7\u2043",
        "'": "\u2018\u2019\u201a\u201b\u2039\u203a\u02bc\u02b9\u2032",
        '"': "\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f",
    }.items()
    for look_alike in look_alikes
}  # fmt: skip

# Unicode ignores these by default, but their categories do not say so.
_IGNORABLE = frozenset("\u115f\u1160\u2065" + "".join(map(chr, range(0xFFF0, 0xFFF9))))
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_IGNORABLE_PLANE = ("\U000e0000", "\U000e0fff")
_CACHED_CHARACTERS = 8192
_CACHED_PARTS = 1024
_SPACES = lazy_pattern("  +")

_NAMED_REFERENCES = {
    "commat": "@", "period": ".", "lowbar": "_", "hyphen": "-", "dash": "-", "minus": "-",
    "plus": "+", "colon": ":", "sol": "/", "num": "#", "excl": "!", "dollar": "$", "ast": "*",
    "lpar": "(", "rpar": ")", "nbsp": " ", "ensp": " ", "emsp": " ", "thinsp": " ",
    "shy": "", "zwj": "", "zwnj": "", "quot": '"', "apos": "'",
}  # fmt: skip
# References to markup stay: they are written so that readers see markup as text.
_MARKUP = frozenset("<>&")
_REFERENCE = lazy_pattern(
    rf"&(?:#(?:0{{0,9}}(?P<decimal>[0-9]{{1,7}})|x0{{0,9}}(?P<hexadecimal>[0-9a-f]{{1,6}}))"
    rf"|(?P<name>{'|'.join(_NAMED_REFERENCES)}));",
    re.IGNORECASE,
)
# Tags that format a text, with no attributes but those of its look. Others may name what they hold.
_TAG = lazy_pattern(
    r"""<(?:/?(?:a|b|big|cite|code|del|em|font|i|ins|kbd|label|mark|pre|q|s|samp|small|span|strong
            |sub|sup|tt|u|var|(?P<block>p|div|li|ul|ol|dl|dt|dd|td|th|tr|table|tbody|thead|tfoot
            |h[1-6]|blockquote|section|article|header|footer|caption))
          |(?P<break>[bh]r))
        (?:\ (?:class|style|align|valign|dir|lang)=
            (?P<quote>["'])(?:[a-z:;_ -]|[0-9]{1,4}(?=px|pt|em|%|["'; ])|%){0,100}(?P=quote)){0,4}
        \ ?/?>""",
    re.VERBOSE | re.IGNORECASE,
)
_LINE_MARK = lazy_pattern(r">(?!=)(?<![^ ].)[> ]*+")
_TOUCHING_NAMES = """
    tel telefon telefono telefone telephone phone mobile mobil movil cell cellphone handy fax
    whatsapp ph tlf tlm card visa mastercard amex karte kreditkarte tarjeta carte dob born geb
    geboren birthday birthdate ddn ip mac pin puk tan otp cvv cvc ssn nhs pesel cpf cnpj nif nie
    dni cnp bsn passport reisepass aadhaar blz ktonr kto acct
    telno telnr phoneno phonenumber telefonnummer handynummer rufnummer mob ruf pan cc cardno
    cardnumber kartennummer acctno accountno accountnumber kontonummer sortcode routing
    geburtsdatum ipaddr ipaddress macaddress pincode passcode doorcode gatecode safecode mtan"""
_TOUCHING_ACCOUNTS = " account konto compte cuenta conto"


def _behind(names: str) -> str:
    """Return a pattern for the first character behind one of some names, which begins a word.

    A lookbehind has one length: names of different lengths have one each.
    """
    by_length = groupby(sorted(names.split(), key=len), len)
    return "|".join(
        rf"(?<=(?:{'|'.join(each)}).)(?<![A-Za-z0-9@._/=&?+-].{{{size + 1}}})"
        rf"(?-i:(?<![A-Z]>.{{{size + 1}}}))"
        for size, each in by_length
    )


# "TEL03-1234-5678", but no "tel030@example.org", no "pin4711abc", no "otp2024", and no user
# "account1234". What follows the first digits does not matter: a placeholder may stand there when
# the text is redacted again.
_TOUCHED = lazy_pattern(
    rf"[0-9<](?<=[A-Za-z].)(?:(?<=[0-9])(?=[0-9]{{2}}|[0-9]?[ .:/-][0-9])"
    rf"(?!(?:(?<=1)9|(?<=2)0)[0-9]{{2}}(?![0-9.:/-]))"
    rf"(?i:{_behind(_TOUCHING_NAMES)}|(?:{_behind(_TOUCHING_ACCOUNTS)})(?=[0-9]{{7}}))"
    r"(?=[0-9]*+[A-Za-z]?(?![A-Za-z0-9@_=]))"
    rf"|(?<=<)(?=[A-Z_]{{2,10}}>)(?i:{_behind(_TOUCHING_NAMES + _TOUCHING_ACCOUNTS)}))"
)
_BEHIND_LETTER = lazy_pattern("[0-9<](?<=[A-Za-z].)")
# A quotation begins the text, or follows a colon: "Ann wrote: > ...".
_QUOTATION = lazy_pattern(r"(?:\A *|: +)>(?!=)")
_IN_NUMBER = lazy_pattern(r"(?<=[0-9]) +>[> ]*+(?=[0-9])")


class SearchableText:
    """A text and its searched form (`searched`)."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.searched = text
        self._parts: list[str] | None = None
        self._joined = text
        if not _is_plain(text):
            parts = list(map(_FOLDED.__getitem__, _abbreviate_ligatures(text)))
            joined = _without_line_marks(parts, _without_references(parts, "".join(parts)))
            joined = _with_spaces_behind_names(parts, _without_tags(parts, joined))
            self.searched = _SPACES.sub(" ", joined).strip(" ")
            if self.searched != joined or len(joined) != len(text) or "" in parts:
                self._parts, self._joined = parts, joined

    def replace(self, replacements: Iterable[tuple[Span, str]]) -> str:
        """Return the text with other strings in place of parts of its searched form.

        The spans do not overlap. Combining marks and invisible characters behind a part go with it.
        Of a character that is searched as several, what is outside the spans stays, decomposed.
        """
        pieces: list[str] = []
        position = 0
        for (start, end), new in sorted(replacements):
            pieces.append(self.written((position, start)))
            pieces.append(new)
            position = end
        pieces.append(self._original.rest(position) if self._original else self.text[position:])
        return "".join(pieces)

    def written(self, span: Span) -> str:
        """Return a part of the searched form as it stands in the text."""
        return self._original.part(*span) if self._original else self.text[slice(*span)]

    @cached_property
    def _original(self) -> "_Original | None":
        return _Original(self.text, self._parts, self._joined) if self._parts else None


def _is_plain(text: str) -> bool:
    """Return whether a text is its own searched form."""
    return (
        text.isascii()
        and text.isprintable()
        and "  " not in text
        and text == text.strip()
        and not ("&" in text and _REFERENCE.search(text))
        and not ("<" in text and _TAG.search(text))
        and not _LINE_MARK.search(text)
        and not _touched(text)
    )


def _touched(text: str) -> list[int]:
    """Return where the first digit, or a placeholder, touches the name of a number."""
    if not _BEHIND_LETTER.search(text):
        return []
    return [match.start() for match in _TOUCHED.finditer(text)]


def _without_references(parts: list[str], joined: str) -> str:
    """Put characters in place of the HTML references to them, and return the parts joined."""
    references = _REFERENCE.finditer(joined) if "&" in joined else ()
    return _replace_in(parts, joined, [(each.span(), _referred(each)) for each in references])


def _referred(reference: re.Match[str]) -> str:
    """Return the searched form of the character that a reference names, or the reference."""
    if reference["name"]:
        return _NAMED_REFERENCES[reference["name"].lower()]
    decimal, hexadecimal = reference["decimal"], reference["hexadecimal"]
    number = int(decimal) if decimal else int(hexadecimal, 16)
    character = _FOLDED[chr(number)] if number <= sys.maxunicode else ""
    is_one = number <= sys.maxunicode and len(character) <= 1 and character not in _MARKUP
    return character if is_one else reference[0]


def _without_line_marks(parts: list[str], joined: str) -> str:
    """Remove the marks before the lines of a quotation, and return the parts joined.

    Without a quotation around it, a mark counts between two digits alone: of a number that a line
    break divides.
    """
    if ">" not in joined:
        return joined
    marks = _LINE_MARK if _QUOTATION.search(joined) else _IN_NUMBER
    return _replace_in(parts, joined, [(mark.span(), " ") for mark in marks.finditer(joined)])


def _without_tags(parts: list[str], joined: str) -> str:
    """Put spaces in place of tags, with a bar where a line or a cell ends; return the parts joined.

    No sentence goes on behind the bar, and a name and its value in two cells have it in between.
    """
    tags = _TAG.finditer(joined) if "<" in joined else ()
    return _replace_in(parts, joined, [(tag.span(), _between_words(tag)) for tag in tags])


def _between_words(tag: re.Match[str]) -> str:
    return " | " if tag["break"] or (tag["block"] and tag[0].startswith("</")) else " "


def _with_spaces_behind_names(parts: list[str], joined: str) -> str:
    """Put a space behind each name of a number that touches it, and return the parts joined."""
    touched = _touched(joined)
    if not touched:
        return joined
    starts = [0, *accumulate(map(len, parts))]
    for position in touched:
        behind = bisect_left(starts, position)
        if starts[behind] == position:
            parts[behind - 1] += " "
    return "".join(parts)


def _replace_in(parts: list[str], joined: str, replacements: list[tuple[Span, str]]) -> str:
    """Replace what spans of the joined parts hold, where the spans begin and end with parts."""
    replacements = [each for each in replacements if joined[slice(*each[0])] != each[1]]
    if not replacements:
        return joined
    starts = [0, *accumulate(map(len, parts))]
    for (start, end), new in replacements:
        first, behind = bisect_right(starts, start) - 1, bisect_left(starts, end)
        parts[first:behind] = [new, *[""] * (behind - first - 1)]
    return "".join(parts)


class _Original:
    """The parts of a text that became parts of its searched form."""

    def __init__(self, text: str, parts: list[str], joined: str) -> None:
        self._text = text
        self._ends = [0, *accumulate(map(len, parts))]
        # Behind a run of spaces, of which one remains, positions differ by the length of the rest.
        difference = len(joined) - len(joined.lstrip(" "))
        self._differences = [difference]
        self._behind: list[int] = []
        for run in _SPACES.finditer(joined, difference):
            self._behind.append(run.start() + 1 - difference)
            difference = run.end() - self._behind[-1]
            self._differences.append(difference)

    def part(self, start: int, end: int) -> str:
        """Return what became the searched form from one position to another one."""
        first, skipped = self._position(start) if start else (0, 0)
        last, kept = self._position(end)
        if not skipped and not kept:
            return self._text[first:last]
        if first == last:
            return _decomposed(self._text[first : first + 1], skipped, kept)
        head = _decomposed(self._text[first], skipped, None) if skipped else self._text[first]
        return head + self._text[first + 1 : last] + _decomposed(self._text[last], 0, kept)

    def rest(self, start: int) -> str:
        """Return the text from what is searched at a position."""
        first, skipped = self._position(start)
        if not skipped:
            return self._text[first:]
        return _decomposed(self._text[first], skipped, None) + self._text[first + 1 :]

    def _position(self, position: int) -> tuple[int, int]:
        """Return which character is searched at a position, and how much of it is before that."""
        run = bisect_right(self._behind, position) if self._behind else 0
        joined = position + self._differences[run]
        index = bisect_right(self._ends, joined) - 1
        return index, joined - self._ends[index]


@lru_cache(maxsize=_CACHED_PARTS)
def _decomposed(character: str, start: int, end: int | None) -> str:
    """Return a part of a decomposed character, by positions in its searched form."""
    parts = list(unicodedata.normalize("NFKD", character))
    ends = list(accumulate(len(_fold_decomposed(part)) for part in parts))
    return "".join(
        part
        for part, part_end in zip(parts, ends, strict=True)
        if part_end > start and (end is None or part_end <= end)
    )


def _abbreviate_ligatures(text: str) -> str:
    """Replace the long ligatures beyond the limit by one letter each."""
    if text.count(_LONG_LIGATURE) <= _MAX_LONG_LIGATURES:
        return text
    *kept, rest = text.split(_LONG_LIGATURE, _MAX_LONG_LIGATURES)
    return _LONG_LIGATURE.join([*kept, rest.replace(_LONG_LIGATURE, _SHORT_LIGATURE)])


def fold(text: str) -> str:
    """Return the searched form of a text."""
    return SearchableText(text).searched


def fold_characters(text: str) -> str:
    """Return a text with the searched form of each character; tags, marks and spaces stay."""
    return text if text.isascii() else "".join(map(_FOLDED.__getitem__, text))


class _FoldedCharacters(dict[str, str]):
    """The searched form of each character, computed on demand."""

    def __missing__(self, character: str) -> str:
        if len(self) >= _CACHED_CHARACTERS:
            self.clear()
        self[character] = folded = _fold(character)
        return folded


def _fold(character: str) -> str:
    if character.isascii():
        if character.isprintable():
            return character
        return " " if character in "\t\n\v\f\r" else ""
    decomposed = unicodedata.normalize("NFKD", character)
    return "".join(map(_fold_decomposed, decomposed))


def _fold_decomposed(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] == "M" or category in _INVISIBLE or _is_ignorable(character):
        return ""
    if category[0] == "Z":
        return " "
    if category == "Pd":
        return "-"
    if category[0] == "N" and not character.isascii():
        digit = unicodedata.digit(character, None)
        return character if digit is None else str(digit)
    return _LOOK_ALIKES.get(character, character)


def _is_ignorable(character: str) -> bool:
    first, last = _IGNORABLE_PLANE
    return character in _IGNORABLE or first <= character <= last


_FOLDED = _FoldedCharacters()
