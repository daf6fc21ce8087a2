"""Addresses of cryptocurrencies."""

import re
from collections.abc import Iterator
from hashlib import sha256

from stdnum import bitcoin

from prompt_capture.domain.entities.searched import (
    MASK,
    NOT_BEFORE_WORD,
    LazyPattern,
    Searched,
    context_before,
    name_set,
)
from prompt_capture.domain.searchable_text import Span

_START = re.compile(r"[A-Za-z0-9](?<![A-Za-z0-9\x7f].)(?=[A-Za-z0-9_-]{24})")
_NETWORK = "bitcoincash:"
# Addresses with a prefix and a length that nothing else has. Their checksum may be mistyped.
_PREFIXED = LazyPattern(
    rf"""(?:
        0x[0-9a-fA-F]{{40}}                                             # Ethereum
        |(?:bc|tb|ltc|addr|stake|cosmos|osmo|inj|bnb|thor|juno|terra|sei|celestia|akash|erd|kava
            |zil|dgb|vtc|btg)1[02-9ac-hj-np-z]{{25,110}}                # Bech32
        |BC1[02-9AC-HJ-NP-Z]{{25,87}}
        |[qp][02-9ac-hj-np-z]{{41}}                    # Bitcoin Cash
        |[48][0-9AB][1-9A-HJ-NP-Za-km-z]{{93}}(?:[1-9A-HJ-NP-Za-km-z]{{11}})?   # Monero
        |(?:DdzFF|Ae2)[1-9A-HJ-NP-Za-km-z]{{50,110}}                    # Cardano
        |(?:EQ|UQ)[A-Za-z0-9_-]{{46}}                                   # TON
        ){NOT_BEFORE_WORD}""",
    re.VERBOSE,
)
_BASE58 = re.compile(rf"[1-9A-HJ-NP-Za-km-z]{{25,48}}+{NOT_BEFORE_WORD}")
_HAS_LETTERS_AND_DIGITS = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Z]*[A-Z])[^a-z]*[a-z]")
_RIPPLE_TO_BITCOIN = str.maketrans(
    "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz",
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
)
_CHECKS = 15
_SOLANA_SIZES = (43, 44)

_NAMES = name_set(
    """wallet wallets btc bitcoin xbt eth ethereum ltc litecoin doge dogecoin xrp ripple sol
        solana tron trx usdt usdc ada cardano xmr monero bnb polkadot dash zcash ton tezos crypto
        krypto coins adresse address phantom metamask"""
)
_WORD = re.compile(r"[a-z]+")
_NAME_WINDOW = 40


def find_wallets(searched: Searched) -> Iterator[Span]:
    """Find wallets by their prefix and length, their checksum, or the name of a currency."""
    for word in searched.long_words:
        for start in _START.finditer(searched.text, *word):
            wallet = _wallet_at(searched, start.start())
            if wallet:
                is_named = searched.text.endswith(_NETWORK, 0, wallet.start())
                yield wallet.start() - len(_NETWORK) * is_named, wallet.end()


def _wallet_at(searched: Searched, start: int) -> re.Match[str] | None:
    prefixed = _PREFIXED.compiled.match(searched.text, start)
    if prefixed:
        return prefixed
    base58 = _BASE58.match(searched.text, start)
    if not base58 or not _HAS_LETTERS_AND_DIGITS.match(base58[0]):
        return None
    is_known = len(base58[0]) in _SOLANA_SIZES or _is_named(searched.lower, base58)
    return base58 if is_known or searched.passes(_has_checksum, base58[0], _CHECKS) else None


def _has_checksum(address: str) -> bool:
    """Return whether an address passes Base58Check, with Bitcoin's alphabet or with Ripple's."""
    if address.startswith("r"):
        address = address.translate(_RIPPLE_TO_BITCOIN)
    decoded = bitcoin.b58decode(address)
    return sha256(sha256(decoded[:-4]).digest()).digest()[:4] == decoded[-4:]


def _is_named(lower: str, match: re.Match[str]) -> bool:
    """Return whether a word for a currency or a wallet is near."""
    before = context_before(lower, match.start(), _NAME_WINDOW)
    after = lower[match.end() : match.end() + _NAME_WINDOW].partition(MASK)[0]
    return not _NAMES.isdisjoint(_WORD.findall(f"{before} {after}"))
