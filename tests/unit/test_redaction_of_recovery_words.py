"""Twelve words or more near a word for wallets restore one, and are a secret."""

import pytest

from prompt_capture.domain.redaction import redact
from tests.unit.marked_texts import check_redaction

TWELVE = "walnut crisp badge tunnel lobster velvet orient pelican mango glide thumb exotic"
GERMAN = "Anker Birne Dachs Eimer Fackel Gondel Hafen Igel Jacke Kanne Laterne Mücke"
WITH_COMMAS = TWELVE.replace(" ", ", ")
NUMBERED = " ".join(f"{number}. {word}" for number, word in enumerate(TWELVE.split(), start=1))


@pytest.mark.parametrize(
    "marked",
    [
        f"My hardware wallet words, on paper: [[SECRET:{TWELVE}]]. Is a photo of it safe?",
        f'The note about my Ledger reads "[[SECRET:{TWELVE}]]". Delete it',
        f"i wrote down my 12 words: [[SECRET:{TWELVE}]] — okay?",
        f"seed backup:\n[[SECRET:{TWELVE}]]\nPlease tell me if these are enough",
        f"My old wallet: the 12 words are [[SECRET:{TWELVE}]] and it is empty",
        f"Die Seed-Wörter? [[SECRET:{GERMAN}]]. Geht das?",
        "助记词是[[SECRET:棉 海 桥 灯 雨 石 马 春 窗 鱼 风 米]]",
        f"MetaMask: [[SECRET:{WITH_COMMAS}]] and so on",
        f"- [[SECRET:{TWELVE}]]\nthat restores my wallet",
        f"recovery sheet: 1. [[SECRET:{NUMBERED.removeprefix('1. ')}]] it says",
    ],
)
def test_words_that_restore_a_wallet_are_found_near_a_word_for_wallets(marked: str) -> None:
    check_redaction(marked)


@pytest.mark.parametrize(
    "text",
    [
        f"my shopping list: {TWELVE}",
        "助记词是用来恢复钱包的十二个单词，不要告诉别人",  # noqa: RUF001 (Chinese)
        f"backup of the shopping list: {WITH_COMMAS}",
        f"key phrases for the campaign: {WITH_COMMAS}",
        f"my wallet holds these: {TWELVE.rpartition(' ')[0]} the",
        "wallet: it was on the desk when they came home and nobody could say where it had gone",
    ],
)
def test_other_lists_of_words_stay(text: str) -> None:
    assert redact(text) == text
