"""Keys and tokens that their own form gives away: a known prefix, or random characters."""

import math
import re
from collections import Counter
from collections.abc import Iterator

from prompt_capture.domain.entities.candidates import REFERENCES, is_named
from prompt_capture.domain.entities.searched import (
    MASK,
    Searched,
    context_before,
    name_set,
    names,
)
from prompt_capture.domain.entities.secrets.words import is_common
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

# Alternatives begin with a letter each, by which the search skips what is no token.
_PREFIXED = lazy_pattern(
    r"""(?:
        e(?<![A-Za-z0-9\x7f].)yJ[\w-]{5,}+\.[\w-]++(?:\.[\w-]*+)?
        |(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9\x7f])
        |(?:sk|pk|rk|whsec)[-_](?:(?:live|test|proj|ant|or)[-_])?[\w-]{12,}+
        |(?:gh[pousr]_|github_pat_|gl(?:pat|dt|rt|cbt|ptt)-|xox[abeoprs]-|xapp-|npm_|hf_|pypi-
            |sb_secret_|sbp_|do[opr]_v1_|shp(?:at|ca|pa|ss)_|lin_api_|AIza|ya29\.|SG\.|EAAC|gsk_
            |sq0[a-z]{3}-|dckr_pat_|rubygems_|figd_|PMAK-|ntn_|glsa_|tskey-|nvapi-|xai-
            |rzp_(?:live|test)_|access-(?:production|sandbox|development)-|pat-(?:na|eu)[0-9]-|xkeysib-|xsmtpsib-|pcsk_
            |pplx-|pscale_|nfp_|lsv2_|CCIPAT_|CFPAT-|ATBB|GOCSPX-
            |dapi|AGE-SECRET-KEY-|hvs\.|ATATT3|sntrys_)[\w.=-]{10,}+)""",
    re.VERBOSE | re.ASCII,
)
_MAPBOX = ("sk.", "pk.", "tk.")
"""What stands before the JSON of these tokens."""
_MAILCHIMP = lazy_pattern(r"[0-9a-f]{32}-us[0-9]{1,2}")
_WITHOUT_DIGITS = lazy_pattern(r"hf_[A-Za-z]{34}")
_PRIVATE_KEY = lazy_pattern(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_PRIVATE_KEY_END = lazy_pattern(r"-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----")

_KEY_DATA = lazy_pattern(r"[A-Za-z0-9+/=]{20}|\.{3}|\u2026")
_HEADERS_OF_KEY = 300

_MIN_RANDOM = 20
_MIN_LETTERS = 10
_MAX_JUDGED = 400
"""Characters of a long string that decide whether all of it looks random."""
_CHECKS = 400
_PIECE = lazy_pattern(r"[A-Za-z0-9]+")
_SHORT_TOKEN = lazy_pattern(
    "(?=[A-Z0-9]*[a-z])(?=[a-z0-9]*[A-Z])(?=[A-Za-z]*[0-9])[A-Za-z0-9]{13,19}"
)
_CHARACTER_RUN = lazy_pattern(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
# "vpc-0a1b2c3d4e5f67890" and other ids of AWS
_RESOURCE_ID = lazy_pattern(r"(?:[a-z]{1,10}-){1,2}[0-9a-f]{17}")
# "sha384-oqVuAfXRKap7fdgcCY5uykM6..." of a script or a package
_INTEGRITY = lazy_pattern("sha(?:1|256|384|512)-")
_UUID = lazy_pattern(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_MIN_HEXADECIMAL_ENTROPY = 2.5
"""The least entropy of random digits, in bits each; that of "aaaa" is 0."""

_HEXADECIMAL = lazy_pattern(r"(?=.*[a-f])[0-9a-f]{32,}|(?=.*[A-F])[0-9A-F]{32,}")
_PRODUCT_KEY = lazy_pattern(r"(?!X{4})(?=.*[0-9])(?=.*[A-Z])(?:[A-Z0-9]{4,8}-){3,7}[A-Z0-9]{4,8}")
# Of BitLocker: eleven divides each group.
_RECOVERY_KEY = lazy_pattern("(?:[0-9]{6}-){7}[0-9]{6}")

# The key of an authenticator app, as it is shown: "lqnh iv5t 6t7w mtac"
_BASE32_GROUPS = lazy_pattern(
    r"""(?<![A-Za-z0-9\x7f-])
        (?:[A-Z2-7]{4}(?:\ [A-Z2-7]{4}){3,15}|[a-z2-7]{4}(?:\ [a-z2-7]{4}){3,15})
        (?![A-Za-z0-9\x7f-])""",
    re.VERBOSE,
)
_MIN_MIXED_GROUPS = 2

# What a mail service makes for a program: "app password qzvt wkmr pldb xnsc"
_APP_PASSWORD = lazy_pattern(
    r"""(?<![a-z])app(?:lication)?(?:[ -]specific)?[ -]?(?:passwords?|passwort|kennwort|pw)
        (?:[ ](?:for|fur|of|von)(?:[ ][a-z]{1,12}){1,3}?)?(?:[ ](?:is|ist|was))?[ :="'`(]{1,3}
        (?P<value>[a-z]{4}(?:[ ][a-z]{4}){3})(?![a-z])""",
    re.VERBOSE,
)
_MAX_VOWELS = 5

_IBAN_START = lazy_pattern(r"[A-Z]{2}[0-9]{2}-")

_PUBLIC_NAMES = (REFERENCES - name_set("session sessions session_id sessionid")) | name_set(
    """commit commits revision rev sha sha1 sha224 sha256 sha384 sha512 checksum md5 md5sum digest
    fingerprint etag prüfsumme git blob tree branch cherry-pick revert checkout uuid guid
    content integrity tx txid txhash txn trace
    traceparent span correlation ulid oid objectid ipfs cid sid"""
)
"""Words before the name of a thing, such as the hash of a public content.

The number of a session is a reference, but random characters open it, as in a cookie.
"""

# "sha256 checksum of the iso: ...", but not "md5 of the key: ..."
_HASH_NAMES = names(
    """sha sha1 sha224 sha256 sha384 sha512 sha-1 sha-256 sha-512 md5 blake2 blake3 checksum digest
    fingerprint prüfsumme commit revision""",
    "somme de contrôle", "suma de comprobación", "контрольная сумма", "校验和", "校验值",
)  # fmt: skip
_HASHED = lazy_pattern(
    rf"""(?<![a-z]){any_of(_HASH_NAMES)}(?:sum)?(?![a-z])
        (?:(?!(?:api|key|token|secret|password|passwort|hmac)(?![a-z])|[.!?;][ ]).){{0,60}}\Z""",
    re.VERBOSE,
)
# What stands before a commit in commands, messages and workflows of Git.
_OF_GIT = lazy_pattern(
    r"""(?<![a-z0-9\x7f])(?:
        git[ ](?:archive|bisect|blame|branch|cat-file|checkout|cherry|cherry-pick|commit|describe
            |diff|diff-tree|fetch|format-patch|log|ls-tree|merge|merge-base|name-rev|notes|pull|push
            |range-diff|rebase|reset|restore|rev-list|rev-parse|revert|shortlog|show|switch|tag
            |update-ref|verify-commit|worktree)(?:[ ][^ ,;!?|:=\x7f]{1,40}){0,4}[ ]
        |(?:rollback|roll[ ]back|rolled[ ]back|deploy|deployed|reverted)[ ](?:to[ ])?
        |head[ ]is[ ]now[ ]at[ ]|(?:parent|merge|index)[ ]|uses:[ ][^ @\x7f]{1,60}@
        )["'`(]?\Z""",
    re.VERBOSE,
)
# What stands before a public key of SSH, or one with that name
_PUBLIC_KEY = lazy_pattern(
    r"(?:ssh-(?:rsa|ed25519|dss)|ecdsa-sha2-nistp[0-9]{3})\ \Z"
    r"|public[ _-]?key[\"']?(?:\ ?[:=]|\ is)?[\ \"']*\Z"
)
_COMMIT = lazy_pattern(r"[0-9a-f]{40}(?:\.\.\.?[0-9a-f]{40})?")
# What stands before a quoted value of a program: `secret_key = '`
_NAMED_SECRET = lazy_pattern(
    r"(?i:secret|secret_?key|token|password|passwd|pwd)[\"']?\]? ?(?:=>|[:=]) ?[\"']\Z"
)
_QUOTED = lazy_pattern(r"[^\"' \x7f]{20,200}(?=[\"'])")
_NAME_WINDOW = 40
_HASH_WINDOW = 80
_HASH_SIZES = frozenset({32, 40, 56, 64, 96, 128})
_DIGITS_BEFORE = lazy_pattern(r"(?<![A-Za-z0-9\x7f.:/-])(?:[0-9]/)?[0-9]{6,16}:\Z")
_MAX_DIGITS_BEFORE = 20


def find_private_keys(searched: Searched) -> Iterator[Span]:
    """Find private keys in PEM: up to their last line, or to the end of the text without one."""
    for match in _PRIVATE_KEY.finditer(searched.text):
        if not _KEY_DATA.search(searched.text, match.end(), match.end() + _HEADERS_OF_KEY):
            continue  # a text about such keys
        end = _PRIVATE_KEY_END.search(searched.text, match.end())
        yield match.start(), end.end() if end else len(searched.text)


def find_tokens(searched: Searched) -> Iterator[Span]:
    """Find tokens with the prefix of a known issuer, and random strings."""
    text = searched.text
    for start, end in searched.long_words:
        prefixed = [
            (_start_with_kind(text, found.start()), found.start() + len(found[0].rstrip(".")))
            for found in _PREFIXED.finditer(text, start, end)
            if _is_key(found)
        ]
        yield from prefixed
        is_url = text.startswith("://", start - 1)
        if not prefixed and not is_url:
            yield from _find_random(searched, start, text[start:end].partition(MASK)[0])
    if "app" in searched.lower:
        for match in _APP_PASSWORD.finditer(searched.lower):
            if _is_made_up(match["value"]):
                yield match.span("value")
    if searched.digit_count >= _MIN_MIXED_GROUPS:
        found = _BASE32_GROUPS.finditer(text)
        yield from (match.span() for match in found if _is_base32(match[0]))


def _is_made_up(groups: str) -> bool:
    """Return whether some groups of letters are no words: they have few vowels."""
    return sum(map(groups.count, "aeiou")) <= _MAX_VOWELS and not any(
        map(is_common, groups.split())
    )


def _is_base32(groups: str) -> bool:
    """Return whether some groups mix letters and digits, as words and numbers do not."""
    mixed = [each for each in groups.split() if not each.isalpha() and not each.isdigit()]
    return len(mixed) >= _MIN_MIXED_GROUPS


def is_random(token: str) -> bool:
    """Return whether a string looks random, as keys do, and not like words, names or numbers.

    It has 20 letters and digits or more, of at least 3.2 bits each by their frequency, and changes
    between capitals, small letters and digits at least every third character; or it changes less
    often, but has fewer vowels than words have.
    """
    if len(token) < _MIN_RANDOM:
        return False
    if _HEXADECIMAL.fullmatch(token):
        return _entropy(token) >= _MIN_HEXADECIMAL_ENTROPY
    pieces = _PIECE.findall(token)
    characters = "".join(pieces)
    if len(characters) < _MIN_RANDOM or _UUID.fullmatch(token):
        return False
    digits = sum(map(str.isdigit, characters))
    if digits > 0.75 * len(characters) or _entropy(characters) < 3.2:
        return False
    run_length = len(characters) / len(_CHARACTER_RUN.findall(characters))
    if digits >= 2 and run_length <= 3:
        return max(map(len, pieces)) >= 12
    has_many_runs = digits < 2 and len(characters) >= 24 and run_length <= 1.8
    return has_many_runs or (len(pieces) == 1 and _has_few_vowels(characters, digits, run_length))


def is_short_token(token: str) -> bool:
    """Return whether 13 to 19 characters look random, as those in the links of shared files.

    They are capitals, small letters and digits, in runs of 2.5 characters at most on average.
    """
    return (
        bool(_SHORT_TOKEN.fullmatch(token))
        and len(_CHARACTER_RUN.findall(token)) >= len(token) / 2.5
    )


def _has_few_vowels(characters: str, digits: int, run_length: float) -> bool:
    """Return whether a string has fewer vowels than words have that change as often.

    A fifth of random letters are vowels, and more than a third of the letters of words.
    """
    letters = len(characters) - digits
    if letters < _MIN_LETTERS:
        return False
    vowels = sum(map(characters.lower().count, "aeiou")) / letters
    if digits >= 2 and run_length <= 6 and vowels <= 0.22:
        return True
    if len(characters) < 24:
        return False
    return (
        (run_length <= 3 and vowels <= 0.33)
        or (run_length <= 3.6 and vowels <= 0.28)
        or (letters >= 20 and vowels <= 0.12)
    )


def _is_key(match: re.Match[str]) -> bool:
    """Return whether a word begins with the prefix, and no words follow: not "sk-learn".

    A key has a digit. Only the tokens of Hugging Face may have none.
    """
    before = match.string[match.start() - 1 : match.start()]
    is_in_word = before == MASK or (before.isascii() and before.isalnum())
    return not is_in_word and (
        any(map(str.isdigit, match[0])) or bool(_WITHOUT_DIGITS.fullmatch(match[0].rstrip(".")))
    )


def _find_random(searched: Searched, start: int, word: str) -> Iterator[Span]:
    token = word.rstrip("=.~/-")
    token = token[token.rfind("=") + 1 :].lstrip(".~/-")
    if _RESOURCE_ID.fullmatch(token) or _INTEGRITY.match(token):
        return
    if searched.passes(is_random, token[:_MAX_JUDGED], _CHECKS) or (
        "-" in token and searched.recall(_is_key_of_groups, token)
    ):
        start += word.find(token)
        if not is_named(searched, start, _PUBLIC_NAMES) and not is_public(searched, start, token):
            end = start + len(token)
            yield _whole_value(searched.text, start, end) or (
                _start_with_number(searched.text, start),
                end + _padding(searched.text, start, end),
            )


def _whole_value(text: str, start: int, end: int) -> Span | None:
    """Return the span of the quoted value that a token is a part of: `secret_key = '&7x!...'`."""
    begin = max(text.rfind("'", 0, start), text.rfind('"', 0, start)) + 1
    named = _NAMED_SECRET.search(text, max(0, begin - _NAME_WINDOW), begin)
    value = _QUOTED.match(text, begin) if named else None
    return value.span() if value and value.end() >= end else None


def _is_key_of_groups(token: str) -> bool:
    """Return whether a token with hyphens is a key that does not look random as a whole."""
    if _RECOVERY_KEY.fullmatch(token):
        return all(int(group) % 11 == 0 for group in token.split("-"))
    if not _PRODUCT_KEY.fullmatch(token):
        return bool(_MAILCHIMP.fullmatch(token))
    return not (_IBAN_START.match(token) and _is_iban(token.replace("-", "")))


def _is_iban(token: str) -> bool:
    from stdnum.iso7064 import mod_97_10

    return bool(mod_97_10.is_valid(token[4:] + token[:4]))


def _start_with_kind(text: str, start: int) -> int:
    return start - 3 if text.startswith(_MAPBOX, start - 3) and start >= 3 else start


def _padding(text: str, start: int, end: int) -> int:
    """Return how many signs behind a token fill it up, as Base64 does to a multiple of four."""
    missing = (start - end) % 4
    return missing if missing < 3 and text.startswith("=" * missing, end) else 0


def _start_with_number(text: str, start: int) -> int:
    """Return the start of a token with the number before it, as in the tokens of Telegram."""
    if text[start - 1 : start] != ":":
        return start
    number = _DIGITS_BEFORE.search(text, max(0, start - _MAX_DIGITS_BEFORE), start)
    return number.start() if number else start


def is_public(searched: Searched, start: int, token: str) -> bool:
    """Return whether a token is a UUID, or the words before make it public: a key or a hash."""
    if _UUID.fullmatch(token):
        return True
    before = context_before(searched.lower, start, _HASH_WINDOW)
    if _PUBLIC_KEY.search(before) or (_COMMIT.fullmatch(token) and _OF_GIT.search(before)):
        return True
    is_hash = len(token) in _HASH_SIZES and _HEXADECIMAL.fullmatch(token)
    return bool(is_hash and _HASHED.search(before))


def _entropy(characters: str) -> float:
    """Return the Shannon entropy of a string by the frequency of its characters, in bits each."""
    size = len(characters)
    return (
        math.log2(size)
        - sum(n * math.log2(n) for n in Counter(characters).values() if n > 1) / size
    )
