"""The searched form of a text is the same for every way of writing it, and maps back to it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prompt_capture.domain.searchable_text import SearchableText, fold
from prompt_capture.domain.text import normalise

TEXTS = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            "a1 .\n\t\u0301\u0338\u200b\u00ad\ufe0f\u1100\u1161\u11a8\u00a8\u00e9\ufdfa\ufdfb"
        ),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "searched"),
    [
        ("plain text", "plain text"),
        ("\uff14\uff11\uff11\uff11", "4111"),
        ("①❶𝟏¹₁١१๑", "11111111"),
        ("⑴⒈", "(1)1."),
        ("4\ufe0f\u20e31\ufe0f\u20e3", "41"),
        ("ann@\u200bexam\u00adple\u2060.org", "ann@example.org"),
        ("ann﹫example。org", "ann@example.org"),
        ("ann\uff20example\uff0eorg", "ann@example.org"),
        ("Müller Straße Łódź", "Muller Strase Lodz"),
        ("a  b\r\n\tc\u3000d", "a b c d"),
        (" a ", "a"),
        ("1\u20112\u20133\u22124ー5", "1-2-3-4-5"),
        ("«a» „b“ \u2018c\u2019", "\"a\" \"b\" 'c'"),
        ("\x00a\x1bb\ud800", "ab"),
        ("卡号４１", "卡号41"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_text_is_searched_as_readers_see_it(text: str, searched: str) -> None:
    assert fold(text) == searched


@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_a_text_and_its_normalised_form_have_the_same_searched_form(text: str) -> None:
    assert fold(normalise(text)) == fold(text)


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_the_searched_form_is_stable_and_has_the_same_length_in_lower_case(text: str) -> None:
    searched = fold(text)
    assert fold(searched) == searched
    assert len(searched.lower()) == len(searched)


@settings(max_examples=500, deadline=None)
@given(TEXTS, st.data())
def test_replacing_a_part_of_the_searched_form_replaces_it_in_the_text(
    text: str, data: st.DataObject
) -> None:
    searchable = SearchableText(text)
    size = len(searchable.searched)
    start = data.draw(st.integers(0, size))
    end = data.draw(st.integers(start, size))
    replaced = searchable.replace([((start, end), "<X>")]) if start < end else text
    expected = searchable.searched[:start] + "<X>" * (start < end) + searchable.searched[end:]
    assert fold(replaced) == fold(expected)


@pytest.mark.parametrize(
    ("text", "span", "replaced"),
    [
        ("a  bc  d", (2, 4), "a  <X>  d"),
        ("a b\u200b\u0301 c", (2, 3), "a <X> c"),
        ("\u200bab", (0, 2), "\u200b<X>"),
        ("é é", (2, 3), "é <X>"),
        ("a㏂", (0, 3), "<X>m."),
        ("ab \n", (0, 2), "<X> \n"),
    ],
)
def test_what_is_around_a_replaced_part_stays(
    text: str, span: tuple[int, int], replaced: str
) -> None:
    assert SearchableText(text).replace([(span, "<X>")]) == replaced


def test_no_text_is_searched_as_one_of_more_than_nine_times_its_length() -> None:
    by_length = sorted(map(chr, range(0x110000)), key=lambda character: len(fold(f"x{character}x")))
    assert [len(fold(longest)) for longest in by_length[-2:]] == [8, 18]
    assert len(fold(by_length[-1] * 4000)) < 9 * 4000
