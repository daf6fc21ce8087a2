"""Keys and tokens that their own form gives away: a known prefix, or random characters."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from prompt_capture.domain.entities.candidates import REFERENCES, is_named
from prompt_capture.domain.entities.searched import MASK, LazyPattern, Searched, name_set
from prompt_capture.domain.searchable_text import Span

# Alternatives begin with a letter each, by which the search skips what is no token.
_PREFIXED = LazyPattern(
    r"""(?:
        e(?<![A-Za-z0-9\x7f].)yJ[\w-]{5,}+\.[\w-]++(?:\.[\w-]*+)?
        |(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9\x7f])
        |(?:sk|pk|rk|whsec)[-_](?:(?:live|test|proj|ant|or)[-_])?[\w-]{12,}+
        |(?:gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt)-|xox[abeoprs]-|xapp-|npm_|hf_|pypi-
            |sb_secret_|sbp_|do[opr]_v1_|shp(?:at|ca|pa|ss)_|lin_api_|AIza|ya29\.|SG\.|EAAC|gsk_
            |sq0[a-z]{3}-|dckr_pat_|rubygems_|figd_|PMAK-|ntn_|glsa_|tskey-|nvapi-|xai-
            |AGE-SECRET-KEY-|hvs\.|ATATT3|sntrys_)[\w.=-]{10,}+)""",
    re.VERBOSE | re.ASCII,
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PRIVATE_KEY_END = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")

_MIN_RANDOM = 20
_MAX_JUDGED = 400
"""Characters of a long string that decide whether all of it looks random."""
_CHECKS = 400
_PIECE = re.compile(r"[A-Za-z0-9]+")
_CHARACTER_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"(?=.*[a-f])[0-9a-f]{32,}|(?=.*[A-F])[0-9A-F]{32,}")
_PRODUCT_KEY = re.compile(r"(?=.*[0-9])(?=.*[A-Z])(?:[A-Z0-9]{4,8}-){3,7}[A-Z0-9]{4,8}")

_PUBLIC_NAMES = REFERENCES | name_set(
    """commit commits revision rev sha sha1 sha224 sha256 sha384 sha512 checksum md5 md5sum digest
    fingerprint etag git blob tree branch cherry-pick revert checkout uuid guid integrity"""
)
"""Words before the name of a thing, such as the hash of a public content."""


def find_private_keys(searched: Searched) -> Iterator[Span]:
    """Find private keys in PEM: up to their last line, or to the end of the text without one."""
    for match in _PRIVATE_KEY.finditer(searched.text):
        end = _PRIVATE_KEY_END.search(searched.text, match.end())
        yield match.start(), end.end() if end else len(searched.text)


def find_tokens(searched: Searched) -> Iterator[Span]:
    """Find tokens with the prefix of a known issuer, and random strings."""
    text = searched.text
    for start, end in searched.long_words:
        prefixed = [
            (found.start(), found.start() + len(found[0].rstrip(".")))
            for found in _PREFIXED.compiled.finditer(text, start, end)
            if _is_key(found)
        ]
        yield from prefixed
        is_url = text.startswith("://", start - 1)
        if not prefixed and not is_url:
            yield from _find_random(searched, start, text[start:end].partition(MASK)[0])


def is_random(token: str) -> bool:
    """Return whether a string looks random, as keys do, and not like words, names or numbers.

    It has 20 letters and digits or more, of at least 3.2 bits each by their frequency, and changes
    between capitals, small letters and digits at least every third character.
    """
    if len(token) < _MIN_RANDOM:
        return False
    if _HEXADECIMAL.fullmatch(token):
        return True
    pieces = _PIECE.findall(token)
    characters = "".join(pieces)
    run_length = len(characters) / max(1, len(_CHARACTER_RUN.findall(characters)))
    if len(characters) < _MIN_RANDOM or run_length > 3 or _UUID.fullmatch(token):
        return False
    digits = sum(map(str.isdigit, characters))
    if digits > 0.75 * len(characters) or _entropy(characters) < 3.2:
        return False
    if digits < 2:
        return len(characters) >= 24 and run_length <= 1.8
    return max(map(len, pieces)) >= 12


def _is_key(match: re.Match[str]) -> bool:
    """Return whether a word begins with the prefix, and a digit follows: not "sk-learn"."""
    before = match.string[match.start() - 1 : match.start()]
    is_in_word = before == MASK or (before.isascii() and before.isalnum())
    return not is_in_word and any(map(str.isdigit, match[0]))


def _find_random(searched: Searched, start: int, word: str) -> Iterator[Span]:
    token = word.rstrip("=.~/-")
    token = token[token.rfind("=") + 1 :].lstrip(".~/-")
    if searched.passes(is_random, token[:_MAX_JUDGED], _CHECKS) or (
        "-" in token and _PRODUCT_KEY.fullmatch(token)
    ):
        start += word.find(token)
        if not is_named(searched.lower, start, _PUBLIC_NAMES):
            yield start, start + len(token)


def _entropy(characters: str) -> float:
    """Return the Shannon entropy of a string by the frequency of its characters, in bits each."""
    size = len(characters)
    return (
        math.log2(size)
        - sum(n * math.log2(n) for n in Counter(characters).values() if n > 1) / size
    )
