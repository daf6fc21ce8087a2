"""A text is searched again only around what was found in it."""

from prompt_capture.domain.entities.searched import MASK, Searched

WORDS = [f"word{number}" for number in range(700)]
TEXT = " ".join(WORDS)


def spans_of(searched: Searched, words: list[str]) -> list[tuple[int, int]]:
    """Return where words stand in what is searched."""
    starts = [searched.text.index(word) for word in words]
    return [(start, start + len(word)) for start, word in zip(starts, words, strict=True)]


def narrowed(*rounds: list[str]) -> Searched:
    """Return the text, narrowed to what is around some words in each of some rounds."""
    searched = Searched(TEXT)
    for words in rounds:
        found = spans_of(searched, words)
        searched.mask(found)
        searched.narrow(found)
    return searched


def kept_words(searched: Searched) -> list[str]:
    """Return the words that are still searched."""
    return [word for word in WORDS if f" {word} " in searched.text.replace(MASK, " ")]


def test_only_the_words_around_what_was_found_are_searched_again() -> None:
    searched = narrowed(["word200", "word600"])
    kept = kept_words(searched)
    assert {"word190", "word210", "word590", "word610"} <= set(kept)
    assert set(kept).isdisjoint(["word10", "word200", "word400", "word600", "word690"])
    assert len(searched.text) < len(TEXT) / 3


def test_positions_in_a_narrowed_text_lead_to_the_same_words_at_first() -> None:
    for rounds in (
        [["word200", "word600"]],
        [["word200", "word600"], ["word215", "word590"]],
        [["word200", "word230", "word600"], ["word590"], ["word585"]],
        [["word0", "word699"], ["word5"]],
    ):
        searched = narrowed(*rounds)
        kept = kept_words(searched)
        assert kept
        for word, span in zip(kept, spans_of(searched, kept), strict=True):
            start, end = searched.original(span)
            assert TEXT[start:end] == word
