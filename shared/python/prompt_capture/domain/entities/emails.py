"""Email addresses, as they are written and as they are said."""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.searched import (
    NOT_BEFORE_WORD,
    Searched,
    context_before,
    name_set,
    names,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

# Scripts that write words without spaces between them, and Hangul, which adds suffixes.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u11ff\u1780-\u17ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
# "to", "is" and similar words in these scripts, where a mailbox may begin.
_PREPOSITIONS = "\u5230\u7ed9\u7d66\u662f\u4e3a\u70ba\u5411\u81f3\u306f\u3078\u306b\u3092"

_ASCII_MAILBOX = "abcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+?^_`{}~-"
"""The signs of a mailbox but for the vertical bar, which divides the cells of a table."""
_SPACED_LETTER = lazy_pattern(rf"[^\W\d_a-z{_UNSPACED}]|[0-9._+-]")
_UNSPACED_LETTER = lazy_pattern(rf"[{_UNSPACED}]|[0-9._+-]")
_OTHER_LETTERS = (_SPACED_LETTER, _UNSPACED_LETTER)
_AFTER_PREPOSITION = lazy_pattern(rf"[^{_PREPOSITIONS}]+\Z")
_ASCII_LETTER = lazy_pattern(r"[a-z]")
_NOT_A_WORD = lazy_pattern(r"[^a-z]")
_PUNCTUATION = ".!#$%&'*+?^`{}~-"
_MAX_MAILBOX = 64
_QUOTED_MAILBOX = lazy_pattern(r'"[^"@\x7f]{1,60}"\Z')

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_SAID_LABEL = rf"{_LABEL}(?:\ (?:hyphen|dash|minus|bindestrich)\ {_LABEL}){{0,3}}"
_TOP_LEVEL = rf"(?:xn--[a-z0-9-]{{2,59}}|[a-z]{{2,24}}){NOT_BEFORE_WORD}"
_COMMON_TOP_LEVEL = rf"(?:com|org|net|edu|gov|io|de|ch|co\.uk|fr|nl|pl|se|eu){NOT_BEFORE_WORD}"
_DOT = r"(?:\ ?[\[({<]\ ?(?:dot|punkt|\.)\ ?[\])}>]\ ?|\ -?(?:dot|punkt)-?\ )"
# Providers whose addresses people write without the end: "ann.smith@gmail".
_PROVIDER = r"(?:gmail|googlemail|hotmail|yahoo|outlook|icloud|protonmail|gmx|aol)"
_PROVIDER_DOMAIN = rf"{_PROVIDER}\ (?:com|de|net|fr|es|it|co\ uk){NOT_BEFORE_WORD}"
_UNSPACED_TOP_LEVEL = any_of(
    names(
        """中国 中國 公司 网络 網絡 香港 台湾 台灣 澳门 新加坡 网址 网站 中文网 在线 商城 集团
        我爱你 广告 廣告 测试 測試 みんな コム 닷컴 닷넷 한국 삼성 ไทย คอม"""
    )
)
_DOMAIN = lazy_pattern(
    rf"""(?:{_LABEL}\.){{1,8}}{_TOP_LEVEL}
        |{_LABEL}(?:{_DOT}|\ ?\.\ |\ \.|,){_COMMON_TOP_LEVEL}
        |{_LABEL}(?:{_DOT}{_LABEL}){{1,4}}
        |{_PROVIDER_DOMAIN}|{_PROVIDER}{NOT_BEFORE_WORD}|localhost{NOT_BEFORE_WORD}(?![:/])
        |(?:[^\W_](?:[^\W_]|-){{0,62}}\.){{1,8}}
            (?:{_TOP_LEVEL}|{_UNSPACED_TOP_LEVEL}|[^\W\d_a-z{_UNSPACED}]{{2,24}})""",
    re.VERBOSE,
)
_SYSTEM_ACCOUNTS = name_set(
    """user root admin postgres guest ubuntu ec2-user deploy mysql redis test me nobody www-data
    vagrant pi git"""
)
_IN_PATHS = {":", "/"}
# "@" as URLs, HTML and JSON may write it, too.
_AT = lazy_pattern(r"@|%40|&#(?:64|x40);|\\u0040", re.IGNORECASE)
_NEXT_SENTENCE = lazy_pattern(r"[a-z0-9.-]+\.[a-z]{2,24}(?P<next>\.[A-Z][a-z]*)\Z")
_FILE_TYPES = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".pdf", ".heic")

# Said or bracketed: "anna dot smith at example dot org", "anna(at)example.org".
_BRACKETED_AT = lazy_pattern(r"[\[({<-](?:(?<!-) ?(?:at|@) ?[\])}>] ?|(?<= -)at- )")
_SAID_AT = lazy_pattern(" at ")
_CAPITAL_AT = lazy_pattern(
    r"(?<![^ <(\[\"':,;])(?P<mailbox>[a-z0-9][a-z0-9._+-]{0,63}) AT "
    r"[a-z0-9][a-z0-9-]{0,61}(?:\.[a-z0-9-]{2,62}){1,4}"
)
_SAID_DOMAIN = lazy_pattern(
    rf"(?:{_SAID_LABEL}(?:(?:{_DOT}|\.){_LABEL}){{1,5}}|{_PROVIDER_DOMAIN}){NOT_BEFORE_WORD}",
    re.VERBOSE,
)
_OF_PROVIDER = lazy_pattern(rf"{_PROVIDER}[ .]", re.VERBOSE)
_SAID_DOT = lazy_pattern(_DOT)
# With signs in place of spaces: "ann_at_example_dot_com". A longer name is an identifier.
_JOINED_ATS = ("_at_", "-at-", ".at.")
_JOINED = lazy_pattern(
    rf"""(?P<joint>[_.-])at(?P=joint)(?:
            {_LABEL}(?:(?P=joint)(?:dot|punkt)(?P=joint){_LABEL}){{0,2}}?
                (?P=joint)(?:dot|punkt)(?P=joint)
                (?:{_COMMON_TOP_LEVEL}|co(?P=joint)dot(?P=joint)uk{NOT_BEFORE_WORD})
            |{_PROVIDER}\.{_COMMON_TOP_LEVEL})
        (?![_-]|\.[a-z0-9])""",
    re.VERBOSE,
)
_JOINED_MAILBOX = lazy_pattern(r"(?<![a-z0-9\x7f/\\._+-])[a-z0-9][a-z0-9._+-]{0,63}\Z")
# In other languages: "ana punto gil arroba example punto org", "ana(arroba)example.org".
_OTHER_AT_WORDS = names(
    """arroba arobase chiocciola klammeraffe malpa собака kukac zavinac apenstaartje apenstaart
    snabel-a snabela"""
)
_OTHER_AT_WORD = any_of(_OTHER_AT_WORDS)
_OTHER_AT = lazy_pattern(rf" {_OTHER_AT_WORD} |[\[({{<] ?{_OTHER_AT_WORD} ?[\])}}>] ?")
_OTHER_DOT = "(?:punto|ponto|point|punkt|punt|kropka|точка|tecka|pont)"
_OTHER_DOMAIN = lazy_pattern(
    rf"{_LABEL}(?:(?: {_OTHER_DOT} | ?[\[({{<] ?{_OTHER_DOT} ?[\])}}>] ?|\.){_LABEL}){{1,5}}"
    rf"{NOT_BEFORE_WORD}"
)
_SAID_MAILBOX = "abcdefghijklmnopqrstuvwxyz0123456789._+-"
_MAILBOX_SIGNS = name_set(
    "dot punkt punto ponto point kropka точка tecka underscore dash minus plus"
)
_BRACKETED_MAILBOX = lazy_pattern(
    r"(?<![a-z0-9._+-])[a-z0-9][a-z0-9._+-]{0,30}"
    r"(?:[\[({<](?:dot|punkt|punto|ponto|point|underscore|dash|\.)[\])}>][a-z0-9._+-]{1,30}){1,3}\Z"
)
_MAX_SIGNS = 3
_SAID_WINDOW = 120
_ABOUT_MAIL = lazy_pattern("mail")
_IS_MAIL = lazy_pattern(r" (?:is|ist) (?:my|his|her|their|our|meine?) (?:[a-z]+ )?(?:e-?)?mail")

# "look at example dot com" names a site, not a mailbox.
_NOT_A_MAILBOX = name_set(
    """is it it's are was be me you him her them us that this these those up look looked looking see
    seen read found find search searched posted post page site shop store blog article video
    question questions answer answers ask asked online available again here there out over buy
    bought order ordered sale account class course courses learn meet meeting work works study
    watch watched stuff things info more everything something anything one and or but for to the a
    an in on of with from about arrive arrived arrives book booked sold started live lives stay
    staying working job him today tomorrow now people team office home all files file hosted deal
    dinner lunch breakfast party event tickets ticket login sign mail email inbox mailbox address
    addresses username user accounts storage support password profile mails
    emails come came go goes went talk talks talked speak spoke speaking session sessions keynote
    tutorial slides conference unreachable accessible crashed crashes failed fails died stopped
    started restarted hung hangs runs running listening listens hosting located installed deployed
    registered reachable back bounce bounces guide setup portal hourly daily weekly
    reached published announced error errors exception timeout connection"""
)
# "Tickets for the concert at example dot org"
_DETERMINER = lazy_pattern(r"(?:^| )(?:the|an?|our|your|their|this|der|die|das) \Z")
# Not "for more info at example dot org"
_SHARED_MAILBOX = lazy_pattern(
    r"(?:write|send|contact|letter|schreib|schick|reply)\b.*"
    r"(?<!more )(?<!the )(?<!our )(?<!further )(?<!\bfor )(?<!\ban )"
    r"(?<!some )\b(?:info|office|team|account|accounts|support|mail)\Z"
)
_TIME = lazy_pattern("[0-9]{1,2}(?:[ap]m|h|uhr)?")
# What follows a method in a trace, "Exception at shop.Cart.add(...", and a mailbox in an address.
_NO_DOMAIN_ENDS = lazy_pattern(r"\(| \([^ ()]{1,200}\.[a-z]{1,5}:[0-9]|[a-z0-9._+-]{0,64}@")


def find_emails(searched: Searched) -> Iterator[Span]:
    """Find addresses with a domain: written, bracketed or said ("ann at example dot org")."""
    end = 0
    for at in _AT.finditer(searched.text):
        span = _written_address(searched, *at.span())
        if span:
            # Of a list without spaces, the separator could be part of a mailbox: "a@b.cc|d@e.ff".
            mailbox = searched.lower[max(span[0], end) : at.start()].lstrip(_PUNCTUATION)
            yield (at.start() - len(mailbox) if span[0] < end else span[0]), span[1]
            end = span[1]
    lower = searched.lower
    yield from _find_said_addresses(lower, _BRACKETED_AT, _SAID_DOMAIN, may_be_site=False)
    yield from _find_said_addresses(lower, _SAID_AT, _SAID_DOMAIN, may_be_site=True)
    if any(at in lower for at in _JOINED_ATS):
        yield from _find_joined_addresses(lower)
    if " AT " in searched.text and not searched.text.isupper():
        for match in _CAPITAL_AT.finditer(searched.text):
            if match["mailbox"] not in _NOT_A_MAILBOX:
                yield match.span()
    if any(word in lower for word in _OTHER_AT_WORDS):
        yield from _find_said_addresses(lower, _OTHER_AT, _OTHER_DOMAIN, may_be_site=False)


def _written_address(searched: Searched, at: int, behind: int) -> Span | None:
    """Return the span of the address around an "@", which may have spaces around it."""
    lower = searched.lower
    is_before_space = lower[behind : behind + 1] == " "
    domain = _DOMAIN.match(lower, behind + is_before_space)
    if not domain or domain[0].endswith(_FILE_TYPES):
        return None
    is_after_space = lower[at - 1 : at] == " "
    mailbox = _mailbox_before(lower, at - is_after_space, domain[0].isascii())
    if not mailbox and (quoted := _QUOTED_MAILBOX.search(lower, max(0, at - _MAX_MAILBOX), at)):
        mailbox = quoted[0]
    is_of_provider = _OF_PROVIDER.match(domain[0])
    if is_after_space and (
        mailbox in _NOT_A_MAILBOX
        or not (is_before_space or is_of_provider or _NOT_A_WORD.search(mailbox))
    ):
        return None  # "meet @ example.org", "thanks @ann.example.org"
    if not mailbox or (mailbox == "git" and lower[domain.end() : domain.end() + 1] in _IN_PATHS):
        return None  # git@example.org:team/repository.git is the address of a repository
    if domain[0] == "localhost" and (
        mailbox in _SYSTEM_ACCOUNTS or lower.endswith("/", 0, at - len(mailbox))
    ):
        return None  # "root@localhost", "postgres://ann@localhost"
    next_sentence = _NEXT_SENTENCE.match(searched.text, domain.start(), domain.end())
    end = next_sentence.start("next") if next_sentence else domain.end()
    return at - is_after_space - len(mailbox), end


def _mailbox_before(lower: str, end: int, is_ascii_domain: bool) -> str:
    """Return the mailbox that ends at a position: letters of one script, or nothing."""
    before = lower[max(0, end - _MAX_MAILBOX) : end]
    mailbox = before[len(before.rstrip(_ASCII_MAILBOX)) :].lstrip(_PUNCTUATION)
    if not mailbox or not (is_ascii_domain or _ASCII_LETTER.search(mailbox)):
        longest = max((_run_at_end(before, letter) for letter in _OTHER_LETTERS), key=len)
        mailbox = longest.lstrip(_PUNCTUATION)
        after_preposition = _AFTER_PREPOSITION.search(mailbox)
        mailbox = after_preposition[0] if after_preposition else mailbox
    return mailbox


def _run_at_end(text: str, character: re.Pattern[str]) -> str:
    """Return the characters at the end of a text that match a pattern for one of them."""
    start = len(text)
    while start and character.match(text, start - 1):
        start -= 1
    return text[start:]


def _find_said_addresses(
    lower: str, at: re.Pattern[str], domains: re.Pattern[str], may_be_site: bool
) -> Iterator[Span]:
    """Find addresses around said "at"s. `may_be_site` is whether "x at y.z" may mean a site."""
    for match in at.finditer(lower):
        domain = domains.match(lower, match.end())
        if domain and not _NO_DOMAIN_ENDS.match(lower, domain.end()):
            before = context_before(lower, match.start(), _SAID_WINDOW).rstrip(" ")
            mailbox = _said_mailbox(before)
            is_shared = _SAID_DOT.search(domain[0]) and _SHARED_MAILBOX.search(before)
            is_mail = is_shared or _ABOUT_MAIL.search(before) or _IS_MAIL.match(lower, domain.end())
            is_thing = may_be_site and not is_mail and _DETERMINER.search(before[: -len(mailbox)])
            is_site = may_be_site and _is_site(mailbox, domain[0], bool(is_mail))
            if mailbox and not is_thing and (is_shared or not is_site):
                start = lower.rfind(mailbox, 0, match.start())
                yield start, domain.end()


def _find_joined_addresses(lower: str) -> Iterator[Span]:
    """Find addresses whose words signs join: "ann_at_example_dot_com"."""
    for match in _JOINED.finditer(lower):
        at = match.start()
        mailbox = _JOINED_MAILBOX.search(lower, max(0, at - _MAX_MAILBOX - 1), at)
        if mailbox and mailbox[0] not in _NOT_A_MAILBOX:
            yield mailbox.start(), match.end()


def _said_mailbox(before: str) -> str:
    """Return the mailbox at the end of a text, in which dots may be said, or nothing."""
    if bracketed := _BRACKETED_MAILBOX.search(before):
        return bracketed[0]
    tokens = before.split(" ")[-1 - 2 * _MAX_SIGNS :]
    word = tokens.pop()
    mailbox = part = _mailbox_part(word)
    while part == word and len(tokens) > 1 and tokens[-1].strip("[](){}") in _MAILBOX_SIGNS:
        sign, word = tokens.pop(), tokens.pop()
        part = _mailbox_part(word)
        mailbox = f"{part} {sign} {mailbox}" if part else mailbox
    return mailbox


def _mailbox_part(word: str) -> str:
    """Return the end of a word that may be part of a mailbox: without quotation marks before it."""
    part = word[len(word.rstrip(_SAID_MAILBOX)) :].lstrip("._+-")
    return part if len(part) <= _MAX_MAILBOX else ""


def _is_site(mailbox: str, domain: str, is_about_mail: bool) -> bool:
    is_said = _SAID_DOT.search(domain) or _OF_PROVIDER.match(domain)
    return (
        not (is_said or is_about_mail)
        or _is_no_mailbox(mailbox)
        or words.is_common(domain.partition(" ")[0])  # "point at the dot on the map"
        or domain[-1].isdigit()
    )


def _is_no_mailbox(word: str) -> bool:
    """Return whether a word before "at" is a common one or a time: "is down at", "5pm at"."""
    return word in _NOT_A_MAILBOX or words.is_common(word) or bool(_TIME.fullmatch(word))
