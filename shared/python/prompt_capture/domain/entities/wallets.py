"""Addresses of cryptocurrencies."""

import re
from collections.abc import Iterator
from hashlib import sha256
from string import ascii_letters, punctuation

from prompt_capture.domain.entities.searched import (
    MASK,
    NAME_END,
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
    context_before,
    name_set,
    names,
    split_capitals,
)
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_START = lazy_pattern(r"[A-Za-z0-9](?<![A-Za-z0-9\x7f].)(?<![A-Za-z0-9_-]\..)(?=[A-Za-z0-9_-]{24})")
_NETWORKS = ("bitcoincash:", "kaspa:")
# Addresses with a prefix and a length that nothing else has. Their checksum may be mistyped.
_PREFIXED = lazy_pattern(
    rf"""(?:
        0x[0-9a-fA-F]{{40}}                                             # Ethereum
        |(?:bc|tb|ltc|addr|stake|cosmos|osmo|inj|bnb|thor|juno|terra|sei|celestia|akash|erd|kava
            |zil|dgb|vtc|btg)1[02-9ac-hj-np-z]{{25,110}}                # Bech32
        |BC1[02-9AC-HJ-NP-Z]{{25,87}}
        |[qp][02-9ac-hj-np-z]{{41}}                    # Bitcoin Cash
        |[48][0-9AB][1-9A-HJ-NP-Za-km-z]{{93}}(?:[1-9A-HJ-NP-Za-km-z]{{11}})?   # Monero
        |(?:DdzFF|Ae2)[1-9A-HJ-NP-Za-km-z]{{50,110}}                    # Cardano
        |(?:EQ|UQ)[A-Za-z0-9_-]{{46}}                                   # TON
        |[XPC]-avax1[02-9ac-hj-np-z]{{38}}                               # Avalanche
        |[GM][A-Z2-7]{{55}}(?:[A-Z2-7]{{13}})?                          # Stellar
        ){NOT_BEFORE_WORD}""",
    re.VERBOSE,
)
_RUN = lazy_pattern(rf"[A-Za-z0-9]{{25,110}}+{NOT_BEFORE_WORD}")
_BASE58 = lazy_pattern("[1-9A-HJ-NP-Za-km-z]{25,48}")
_HAS_LETTERS_AND_DIGITS = lazy_pattern(r"(?=[^0-9]*[0-9])(?=[^A-Z]*[A-Z])[^a-z]*[a-z]")
_RIPPLE_TO_BITCOIN = str.maketrans(
    "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz",
    "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
)
_CHECKS = 15
_SOLANA_SIZES = (43, 44)

_OTHER_SCRIPTS = names(
    """биткоин эфир кошелек адрес крипто 钱包 比特币 以太坊 地址 加密货币 波场 ビットコイン
    イーサリアム ウォレット アドレス 仮想通貨 비트코인 이더리움 지갑 주소 리플"""
)
_OTHER_NAMES = lazy_pattern(any_of(_OTHER_SCRIPTS))
_NAMES = frozenset(_OTHER_SCRIPTS) | name_set(
    """wallet wallets btc bitcoin xbt eth ethereum ltc litecoin doge dogecoin xrp ripple sol
        solana tron trx usdt usdc ada cardano xmr monero bnb polkadot dash zcash zec ton tezos xtz
        xlm stellar bch avax avalanche sui aptos cosmos algo algorand filecoin fil hedera hbar
        vechain kaspa kas icp chainlink shib dai matic polygon cronos hyperliquid crypto
        krypto coins adresse address phantom metamask"""
)
_HEDERA_NAMES = names("hbar hedera")
_NAMED_HEDERA = NamePattern(
    _HEDERA_NAMES,
    rf"""{any_of(_HEDERA_NAMES)}{NAME_END}[^0-9\x7f]{{0,25}}
        (?P<account>0\.0\.[0-9]{{3,10}}){NOT_BEFORE_WORD}""",
)
_BASE58_RUN = "[1-9A-HJ-NP-Za-km-z]"
# Forms that other strings have as well, and the currencies that use them.
_FORMS = {
    "xrp ripple": rf"r{_BASE58_RUN}{{24,34}}",
    "trx tron usdt tether": rf"T{_BASE58_RUN}{{33}}",
    "btc bitcoin xbt bch": rf"[13]{_BASE58_RUN}{{25,34}}",
    "ltc litecoin": rf"[LM3]{_BASE58_RUN}{{25,34}}",
    "doge dogecoin": rf"[DA9]{_BASE58_RUN}{{33}}",
    "dash zec zcash": rf"[Xt7]{_BASE58_RUN}{{33,34}}",
    "sol solana": rf"{_BASE58_RUN}{{32,44}}",
    "dot polkadot ksm kusama": rf"{_BASE58_RUN}{{46,48}}",
    "xtz tezos": rf"(?:tz[1-4]|KT1){_BASE58_RUN}{{33}}",
    "algo algorand": "[A-Z2-7]{58}",
    "sui apt aptos starknet strk": "0x[0-9a-fA-F]{62,64}",
    "fil filecoin": "f[0-4][a-z0-9]{38,86}",
    "icp": "[0-9a-f]{64}",
    "kas kaspa": "[qp][02-9ac-hj-np-z]{60,62}",
}
_NAMED_FORMS = tuple((name_set(each), lazy_pattern(form)) for each, form in _FORMS.items())
_FORM = lazy_pattern("|".join(_FORMS.values()))
_CURRENCIES = frozenset().union(*(currencies for currencies, _ in _NAMED_FORMS))
_WORD = lazy_pattern(r"[a-z]+")
_NOT_IN_FIELDS = punctuation + " "
_BEHIND_FIELDS = (":", "=", ">", '"', "'")
_NAME_WINDOW = 40


def find_wallets(searched: Searched) -> Iterator[Span]:
    """Find wallets by their prefix and length, their checksum, or the name of a currency."""
    for word in searched.long_words:
        for start in _START.finditer(searched.text, *word):
            wallet = _wallet_at(searched, start.start())
            if wallet:
                networks = (
                    network
                    for network in _NETWORKS
                    if searched.text.endswith(network, 0, wallet.start())
                )
                yield wallet.start() - len(next(networks, "")), wallet.end()
    for match in _NAMED_HEDERA.finditer(searched):
        yield match.span("account")


def _wallet_at(searched: Searched, start: int) -> re.Match[str] | None:
    prefixed = _PREFIXED.match(searched.text, start)
    if prefixed:
        return prefixed
    run = _RUN.match(searched.text, start)
    if not run:
        return None
    is_base58 = _BASE58.fullmatch(run[0])
    if not is_base58 and not _FORM.fullmatch(run[0]):
        return None
    near = _words_near(searched, run)
    if not _CURRENCIES.isdisjoint(near) and _has_form_of(run[0], near):
        return run
    if not is_base58 or not _HAS_LETTERS_AND_DIGITS.match(run[0]):
        return None
    is_known = len(run[0]) in _SOLANA_SIZES or not _NAMES.isdisjoint(near)
    return run if is_known or searched.passes(_has_checksum, run[0], _CHECKS) else None


def _has_form_of(address: str, near: set[str]) -> bool:
    """Return whether an address has the form of those of a currency that a word near it names."""
    return any(
        not currencies.isdisjoint(near) and form.fullmatch(address)
        for currencies, form in _NAMED_FORMS
    )


def _has_checksum(address: str) -> bool:
    """Return whether an address passes Base58Check, with Bitcoin's alphabet or with Ripple's."""
    from stdnum import bitcoin

    if address.startswith("r"):
        address = address.translate(_RIPPLE_TO_BITCOIN)
    decoded = bitcoin.b58decode(address)
    return sha256(sha256(decoded[:-4]).digest()).digest()[:4] == decoded[-4:]


def _words_near(searched: Searched, match: re.Match[str]) -> set[str]:
    """Return the words near an address, and the parts of the name directly before it."""
    before = context_before(searched.text, match.start(), _NAME_WINDOW)
    after = searched.text[match.end() : match.end() + _NAME_WINDOW].partition(MASK)[0]
    near = f"{before} {after}".lower()
    words = set(_WORD.findall(near))
    if before.rstrip(" ").endswith(_BEHIND_FIELDS):
        named = before.rstrip(_NOT_IN_FIELDS)
        field = named[len(named.rstrip(ascii_letters)) :]
        words.update(split_capitals(field).lower().split())
    if not near.isascii():
        words.update(_OTHER_NAMES.findall(near))
    return words
