"""Texts that are difficult to normalise, and the normal form before version 2."""

import re
import unicodedata

from hypothesis import strategies as st

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

INVISIBLE_COPIES = [
    "blorp the wug please",
    "\u200eblorp the wug please",
    "blorp the wug please\ufe0f",
    "blorp the wug\u00ad please",
    "\u2068blorp the wug please\u2069",
    "blo\u200crp the\u180b wug\u034f pl\u200dease\U000e0101",
    "blorp\u061c \u115f\u1160\u3164\uffa0the\ufff9 wug\U000e0041 \U000e007fplease\u2064",
]
"""Seven spellings of one text that look the same."""

_LETTERS = "aAtThHJwWyYi\u0130ß\u1e9e\u212b\u2126\u1f82\uff21\uff34\u2122\ufb1e\U00010400"
_MARKS = (
    "\u0300\u0301\u0308\u030a\u030c\u0316\u0323\u0331\u0344\u0345\u05b0\u064b\u093c\u094d"
    "\u0f71\u0f73\u0f75\u0f81\u1b35\u3099\uff9e\uff9f\U0001d165\U0001e944"
)
_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u180b\u200b\u200c\u200d\u200e\u2028\u2060\u2068\u3164"
    "\ufe0e\ufe0f\ufeff\uffa0\ufff9\U0001bca0\U0001d173\U000e0062\U000e0041\U000e007f\U000e0101"
)
_EMOJI = "\U0001f469\U0001f4bb\U0001f3fd\u2764\u2640\u2194\U0001f3f4\u2122\u00a9"
_SCRIPTS = (
    "\u0915\u0958\u304b\u30ab\uff76\u4e00\uac00\u1100\u1161\u11a8\u1b05\u09c7\u09be\U00011131"
)
_EXPANDING = "\ufdfa\ufdfb\ufdf2\u321d\u3300\u33af\u1d15e\u00bd\u00b4"
_SPACES = "  \t\n\r\x0b\x0c\x1c\x1f\x85\u00a0\u1680\u2003\u202f\u2028\u2029\u3000"
_CONTROLS = "\x01\x08\x0e\x1b\x7f\x9f"

_PIECES = st.one_of(
    *(st.sampled_from(each) for each in (_LETTERS, _MARKS, _HIDDEN, _EMOJI, _SCRIPTS, _EXPANDING)),
    st.sampled_from(_SPACES + _CONTROLS),
    st.just(ENGLAND),
    st.characters(exclude_categories=("Cn", "Cs"), exclude_characters="\x00"),
)


@st.composite
def difficult_texts(draw: st.DrawFn) -> str:
    """Draw a text of at most 4,000 characters, long or with long repetitions now and then."""
    pieces = draw(st.lists(st.tuples(_PIECES, st.sampled_from([1, 1, 1, 2, 3, 35])), max_size=25))
    text = "".join(piece * repetitions for piece, repetitions in pieces)
    if text and draw(st.integers(0, 9)) == 0:
        text *= 4_000 // len(text) + 1
    return text[:4_000]


_HIDDEN_IN_FORM_1 = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u2060\ufeff\ud800-\udfff]")


def normalise_in_form_1(text: str) -> str:
    """Normalise a text as version 1 did."""
    composed = unicodedata.normalize("NFKC", text)
    return " ".join(_HIDDEN_IN_FORM_1.sub("", composed).split())
