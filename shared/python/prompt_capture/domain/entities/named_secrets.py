"""Passwords, codes and keys that a sentence names: "the wifi password is ...", "PIN: 1234"."""

import re
from collections.abc import Iterator
from string import ascii_letters, digits

from prompt_capture.domain.entities import secret_words as words
from prompt_capture.domain.entities.candidates import REFERENCES, is_amount, is_reference
from prompt_capture.domain.entities.logins import is_user_of_pair, looks_like_password
from prompt_capture.domain.entities.passphrases import (
    Relation,
    find_passphrase,
    find_seed_phrase,
    find_sentence,
    find_spelled_digits,
    is_state,
)
from prompt_capture.domain.entities.searched import (
    MASK,
    NAME_END,
    NOT_BEFORE_WORD,
    LazyPattern,
    NamePattern,
    Searched,
    any_field_of,
    any_of,
    context_before,
    name_set,
    split_capitals,
)
from prompt_capture.domain.entities.secret_values import (
    ADDRESS,
    MASK_OR_NOTE,
    NO_VALUE,
    PUNCTUATION,
    VARIABLE,
)
from prompt_capture.domain.searchable_text import Span

# The name of a secret, and what leads to its value: words such as "for the router", and "is".
_NAMES = (
    *words.PASSWORD, *words.SEED_PHRASE, *words.PIN, *words.CODE, *words.TOKEN, *words.KEY, "pass",
)  # fmt: skip
_PREPOSITION = any_of(words.PREPOSITION)
_ELIDED = "(?:[ld]|dell|all)'"
"""A preposition or an article without its vowel: "code d'accès"."""
# In scripts with spaces, what follows a word does not begin within it.
_ANY_WORD = r"[^ :=0-9\x7f]{1,30}(?![a-z\u0370-\u06ff])"
_ANY_NUMBER = r"\#?[a-z]{0,3}[0-9]{1,12}(?:[.-][0-9]{1,6})?(?!:[^ ])"
_LETTERS = r"[^\W\d_]{1,30}+"
_FOR = rf"\ (?:{_PREPOSITION}\ )?(?:{any_of(words.OWNERS)}\ )?(?:{_ELIDED})?"
_TO_OPEN = (
    r"(?:\ (?:to|for)\ (?:get(?:ting)?\ in(?:to)?|enter(?:ing)?|open(?:ing)?|unlock(?:ing)?))?"
)
_ARTICLE = (
    r"\ (?:le|la|el|il|lo|o|a|de|der|die|das)(?=\ [a-z0-9]{4,16}(?<=[0-9].|.[0-9])(?![^ .,;!?)]))"
)
# Whose password it is, where the name has digits: "password of ann42: ..."
_USER = r"[a-z][a-z0-9._-]{0,30}[0-9](?=[ :=])"
_FROM_TABLE = r"from\ [^ \x7f]{1,60}\ (?:where|join|inner|left|as|order|group|limit)\ "
# What a document has around a name or a value: "**Password:** ", "<b>Password</b>: ", \"password\":
_TAG = r"</?[a-z][a-z0-9]{0,9}(?:\ ?/)?>"
_BEHIND_NAME = rf"""(?:{_TAG}|[*_]{{1,3}}|\\?(?:""|["'`])\]?|\])?"""
# A type between a name and its value in a program: `let secret: &str = "..."`.
_TYPED = r""":\ ?[&*]?(?:'[a-z]{1,20}\ )?[a-z_][\w.]{0,30}(?:[<[][\w., |]{0,30}[>\]])?
    (?:\ \|\ none)?\??\ ?=(?=\ ?[bru]?["'`])"""
# A remark behind a name: "Password (again): "
_ARROW = r"[\u27f6\u279d\u279e\u27a1\u2b95\u261e\u25b6\u25ba\U0001f449](?=\ ?[^ ]{0,64}[0-9])"
_REMARK = r"(?:\ ?\([\w.+]{1,12}+(?:[ -][\w.+]{1,12}+){0,3}+\)(?=\ ?[:=]))?"
_ACCOUNT = (
    rf"\ (?:{any_of(words.ACCOUNTS)}"
    rf"|\((?:{_PREPOSITION}\ )?(?:the\ |das\ )?{any_of(words.ACCOUNTS)}\))"
)
"""What a password is for, also in brackets: "pw (wifi) ..."."""
# The Bulgarian word is one letter, with which words of other languages begin.
_IS = rf"(?:{any_of(words.IS)}{NOT_BEFORE_WORD}|\u0435(?![^\W_]))"
# What stands between the name of an element and its value: `<password type="plain">`
_ELEMENT = r"""(?:\ [a-z][a-z:-]{0,30}=["'][^"'<>\x7f]{0,60}["']){0,3}>\ ?(?:<!\[cdata\[\ ?)?
    (?=[^ <>]{1,100}\ ?(?:\]\]>\ ?)?</)"""
_EMOJI = "[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]"
# The second argument of a call: `define('DB_PASSWORD', '...')`.
_ARGUMENT = r"""\\?["'],\ ?(?=\\?["'`])"""
_SETTER = LazyPattern(
    r"""(?:define|[gs]etenv|putenv|env|environ\.get|get|set|setdefault|put|append|setitem|property
        |header|cookie|config|fill|type|env_var|envvar|parameter|store|save|insert)
        \(\ ?\\?["'][\w.-]*\Z""",
    re.VERBOSE,
)
# In Chinese, Japanese or Thai a value may follow at once, or behind words and with a letter.
_WITHOUT_SPACE = r"""(?<=[^\x00-\x7f])
    (?:[^\x00-\x7f ]{1,12}(?=[!-~]{0,64}[a-z])
        (?!sha|md5|utf|aes|rsa|bcrypt|base64|wpa|ipv|oauth))?
    (?=[!-~]{0,64}[0-9])"""
# "PIN? 4821", "the password? it's hunter2": an answer has digits. Without a verb, it ends a clause.
_ANSWER = r"\ (?:[0-9]{4,8}\#?|(?=[^ ]{0,64}[0-9])(?=[^ ]{0,64}[a-z])[^ \x7f]{6,64}?)[.,;!)]*"
# A remark without a colon: "password (moodle) hunter2"
_BRACKETED = r"\([a-z][\w.+-]{0,20}\)"
_ANSWERED = rf"""\ ?\?(?:\ (?:it's|it\ is|its|c'est|es\ ist|das\ ist|es|e)(?={_ANSWER}(?:\ |\Z))
    |(?={_ANSWER}(?:\Z|(?<=[.,;!)])\ )))"""
_COUNTED = re.compile(r"[^\x00-\x7f]+[0-9]{1,3}[^\x00-\x7f]")
# <input name="password" value="...">, {"name": "password", "value": "..."}
_VALUE_FIELD = r"""\\?["'],?\ ?\\?["']?value\\?["']?\ ?[:=]"""
_HEAD = NamePattern(
    _NAMES,
    rf"""(?:(?P<password>{any_field_of(words.PASSWORD)}|(?P<seed>{any_field_of(words.SEED_PHRASE)}))
            |(?P<pass>pass)
            |(?P<pin>{any_field_of(words.PIN)})
            |(?P<code>{any_of(words.CODE)}(?!{_FOR}{any_of(words.NO_LOCKS)}{NOT_BEFORE_WORD})
                (?P<lock>{_TO_OPEN}{_FOR}{any_of(words.LOCKS)}{NOT_BEFORE_WORD})?)
            |(?P<token>{any_of(words.TOKEN)})|(?P<key>{any_of(words.KEY)})
        ){NAME_END}
        (?P<count>\ [0-9](?=\ ?[:=]))?
        (?:\ (?P<qualifier>{any_of(words.QUALIFIERS)}){NAME_END}
          |{any_of(words.OWNERS_WITHOUT_SPACE)})?
        (?:(?:\ (?:(?:was|is|has\ been)\ )?(?:changed|reset)
                |\ (?:for|of|zu|fur|de|du|del)\ {_LETTERS}(?:\ {_LETTERS}){{0,2}}?)?
            \ {any_of(words.FROM)}\ (?P<old>[^ \x7f]{{1,64}})(?P<changed>\ {any_of(words.TO)}(?=\ ))
          |(?:{_ACCOUNT}
                |\ {_ELIDED}{_LETTERS}
                |\ (?!{_FROM_TABLE}){_PREPOSITION}\ (?:{_ANY_WORD}|[a-z]{{1,3}}[0-9]{{1,4}}(?=\ )
                        |(?<!to\ )(?<!as\ )(?<!zu\ )(?<!auf\ ){_USER}(?=\ ?[:=]|\ {_IS}\ ))
                    (?:\ (?:{_ANY_WORD}|{_ANY_NUMBER})){{0,4}}?)?
            (?:{_BEHIND_NAME}{_REMARK}(?:\ ?{_EMOJI}(?=\ ?[:=]))?\ ?
                (?P<assigned>{_VALUE_FIELD}|\ value:|{_TYPED}|:=|=>|->
                  |[:=\u2192\u21d2\u279c]|{_ARROW}|%3[da]|(?P<dash>\ -[ ])|{_ELEMENT})
              |(?P<argument>{_ARGUMENT})
              |(?P<is>\ {_IS}(?::|\ -(?=\ ))?|'s{NOT_BEFORE_WORD}
                |\ ?{any_of(words.IS_WITHOUT_SPACE)})(?:{_ARTICLE})?
              |(?P<to>\ {any_of(words.TO)}(?=\ )))
          |(?:{_TAG}\ ?)?(?:{_TAG}|\ ?\|)
          |(?:{_ACCOUNT}
                |\ (?:{_PREPOSITION}\ |{_ELIDED}){_LETTERS}(?:\ {_LETTERS}){{0,2}}?)?
            (?=\ [^ ]{{0,64}}[0-9]|\ ["'`[])
          |\ (?:{_BRACKETED}|(?:for|of|von|fur|de|di|para|pour|voor|dla)\ {_USER})
            (?={_ANSWER}(?:\ |\Z))
          |(?=\ ?{_EMOJI}{_ANSWER}(?:\ |\Z))
          |{_ANSWERED}
          |{_WITHOUT_SPACE})
        (?:[*_]{{1,3}}(?=\ ))?\ ?(?:(?:{_TAG}|\|(?!\|))\ ?){{0,2}}[(\[\u3010]?
        (?P<emoji>{_EMOJI}{{1,3}}\ ?)?(?:\\(?=["'])|[ub](?=["']))?""",
)
# How long a password has to be: "at least 8 characters", "8 to 64 characters".
_LENGTH = LazyPattern(
    rf"(?:{any_of(words.LIMITS)} )?[0-9]{{1,3}}"
    rf"(?: ?(?:-|to|and|bis|und|a|et|y|e|en|do|i|до) ?[0-9]{{1,3}})?[ -]{any_of(words.CHARACTERS)}"
    rf"{NOT_BEFORE_WORD}",
)
# What begins a block of a program: "def get_password(self): ...", "for pw in passwords: ..."
_BLOCK = re.compile(
    r"(?<![^ ;(,=])(?:def|lambda|while not|for [a-z_]{1,30} in) (?:[a-z_.]{0,40}[_.])?\Z"
)
# The value of an argument or an attribute: "login(user, password=password)", "self.key = key"
_PASSED_ON = re.compile(r"[\w.]{0,40}?(?P<name>[a-z_]{2,30}) ?= ?(?P=name)(?![\w.-])")
_SERVICE = re.compile(
    r"(?:[Yy]our|[Ii]hr|[Vv]otre|[Tt]u|[Ss]u|[Ii]l [Tt]uo|[Tt]wój) (?P<name>[A-Z][A-Za-z]+) \Z"
)
_PLURAL = LazyPattern(any_of(words.PLURALS))
# The mark of a point in a list: "- ", "1. ". The searched form has a dot for a bullet.
_POINT = re.compile(r"(?:[-*+#.]|[0-9]{1,2}[.)])\ (?=[^\ ])")
_NEXT_VALUE = re.compile(
    rf"""["'`]?(?:,?\ (?:(?:and|or|und|oder|et|y|e)\ |{_POINT.pattern})?|,\ ?)
        ["'`]?(?P<value>[!#-&(-;=?-_a-~]{{3,200}})""",
    re.VERBOSE,
)
_BRACKETED_WORDS = re.compile(r"\([a-z]{1,20}(?:[ -][a-z]{1,20}){1,5}\)")
_MAX_LIST = 20
_OWNERS_OF_NUMBERS = REFERENCES | name_set(
    "user users account accounts id room nutzer benutzer kunde kunden konto zimmer"
)
_CONTEXT = 40
_CARD = re.compile("karte|visa|mastercard|gultig bis")
# "Room 12, code 4711"
_NUMBERED_LOCK = re.compile(
    rf"(?<![a-z])(?:{any_of(words.NUMBERED_LOCKS)}) [0-9]{{1,4}}(?: ?[,:-])? \Z"
)
_SENT_CONTEXT = 22
_MAX_NAMES = 80
"""Names in a text that are checked for naming a secret."""
_CHECKS = 40
"""Names of secrets in a text whose values are checked."""

# What the marks of Markdown, or quotation marks and spaces, enclose. A block of code has either one
# token or at least four words: the line of a program is no password.
_MARKED = re.compile(
    r"""```[a-z]{0,12}\ (?P<block>[^ `\x7f]{1,200}|[A-Za-z]{3,8}(?:\ [A-Za-z]{3,8}){3,23})\ ```
        |(?P<marks>\*{1,3}|_{1,3}|~~|\|\||```)(?!\ |(?P=marks))
            (?P<inside>[^\x7f]{1,200}?)(?<!\ )(?P=marks)(?![A-Za-z0-9\x7f])
        |"\ (?P<quoted>[^"\x7f]{1,200}?)\ "(?![A-Za-z0-9\x7f])""",
    re.VERBOSE,
)
_CLOSING_MARKS = re.compile(r"(?<![*_~])(?P<marks>\*{1,3}|_{1,3}|~~)[.,;:!?)\]]*\Z")
# 'is the password "optional"?'
_ASKED = re.compile(r"\b(?:is|are|ist|est)(?: (?:the|a|das|die|le))? \Z")
# A CSV file doubles the quotation marks within a cell.
_QUOTED = re.compile(r"""(""(?=[^\W_])|["'`])(?P<value>[^"'`\x7f]{1,80}?)\\?\1""")
_TOKEN = re.compile(
    r"""[!#-&(-;=?-_a-~\u0400-\u04ff]{1,200}|[^\x00-\x7f]{1,100}[^ "'`\x7f]{0,100}"""
)
# What begins the next field: "&x=1", ";Encrypt=true".
_NEXT_FIELD = re.compile(r"[&;,|](?=[\w.-]{1,40}=)|;\Z|%26(?=[\w.-]{1,40}%3[Dd])")
# A field without a value, whose next word names another one: "DB_PASSWORD= DB_HOST=localhost",
# "Password: Phone: ...". A name of one word has no digits.
_FIELD_NAME = r"(?:[A-Za-z]+|[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)+)"
_NEXT_FIELDS = {
    "=": re.compile(rf"(?:export |ENV |SET )?{_FIELD_NAME} ?=(?!=)"),
    ":": re.compile(rf"{_FIELD_NAME}:(?: |\Z)"),
}
_LETTERS_FIRST = re.compile(r"[^\W\d_]+")
# A word that is no key.
_PLAIN_WORD = re.compile(r"(?P<word>[A-Za-z][a-z]{0,18})[.,;:?)]*(?: |\Z)")
_CODE_END = re.compile("[,;|/]")
_BEHIND_CODE = f"{PUNCTUATION}!~_="
"""What follows a code, and is no part of it. A password may end with these signs."""
_NUMBERED = re.compile("#[0-9]+")
_TICKET = re.compile("[A-Z]{2,10}-?[0-9]{2,}")
# What may follow a dash, besides letters with digits: a number, or a sign within a word.
_BEHIND_DASH = re.compile(r"(?!(?:19|20)[0-9]{2}\Z)[0-9]{4,}|[^ (]*[A-Za-z][#$%^&*~!?][^ ]+")
# Names of methods and versions: "password sha256", "token (OAuth2)"
_STANDARD = re.compile(
    r"(?:sha|md|utf|aes|rsa|rfc|ipv|oauth|wpa|base|argon|pbkdf|ed|[hr]s|v|ver|version|level)"
    r"[-_]?[0-9]{1,5}(?:[a-z]{1,2})?|2fa"
)
# What another field or an attribute assigns: "password epoch=1772611200", "<password type=".
_ASSIGNMENT = re.compile(r"[A-Za-z_][\w.-]*=[^=].*|[A-Za-z]+=")
_ATTEMPT = re.compile(r"(?:failed|accepted|invalid|incorrect|wrong|bad) (?:[a-z]+[ /])?\Z")
# "user ann" before "pass VALUE". There "pass" may be a verb, so that the value has more signs.
_USER_BEFORE = LazyPattern(
    rf"(?<![^ .,;:(\[-])(?:{any_of(words.USER)})[ :=]{{1,2}}(?P<name>[\w.@+-]{{2,40}}),? \Z"
)
_PASS_VALUE = re.compile(
    r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])(?!-|[0-9]+-?[a-z]+\Z)[^ =(]{6,64}"
)
_PASS_OF_USER = re.compile(
    r"(?=.*[0-9])(?=.*[A-Za-z])(?:(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9]{2})|(?=.*[!@#$%^&*]))"
    r"(?!-)[^ .=(]{6,64}"
)
_NOT_A_WORD = re.compile(r"[0-9]|[a-z][A-Z]|[^\W_][^\w\s'./,!-]|[^\w\s'./,(-][^\W_]")
_CODE = re.compile(r"(?=[^0-9]*[0-9])(?:[A-Za-z0-9#*-]{1,32}|[A-Za-z\u0400-\u04ff0-9#*-]{1,16})")
_DIGITS = re.compile(r"[0-9#*]{1,10}|[0-9]+(?:-[0-9]+)+")
_SENT_CODE = re.compile(rf"{_DIGITS.pattern}|[0-9]{{3}} [0-9]{{3}}")
_WORD = re.compile(r"[\w.+/=~-]{6,}")
_KEY = re.compile(
    r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[^ (]{6,}|[0-9]{6,}"
    r"|[A-Za-z]{20,}|[0-9]{4,8}(?:-[0-9]{4,8}){3,}"
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
# "she pins 4711 to the board"
_TO_A_BOARD = re.compile(r" (?:on)?to (?:the|a|an|my|our|your|his|her)\b")
_NEXT_GROUP = re.compile(r" ([0-9]{1,8})(?![^ ,.;!?)\]\"'`*_~])")
# A digit behind groups of two or more, which ends the clause: "19 42 7".
_LAST_DIGIT = re.compile(
    r"""\ [0-9](?:[.,;!?)\]"'`*_~]*\Z|[.,;!?)\]"'`*_~]+(?:\ (?![0-9])|(?=[^\x00-\x7f]))
        |\ (?=[|:;#(]+(?![0-9]))|\ (?P<word>[a-z]++)(?!'))""",
    re.VERBOSE,
)
# "4711/4712"
_ALTERNATIVE = re.compile(r" ?/ ?(?P<value>[0-9#*]{3,10})(?![^ ,.;:!?)\]\"'`*_~|\x80-\U0010ffff])")
_MIN_DIGITS, _MAX_SENT, _MAX_CODE = 3, 6, 20
_MIN_PASSWORD = 6
_LOCKS = frozenset(words.LOCKS)
_WORD_CHARACTERS = ascii_letters + digits
_NOT_IN_NAMES = re.compile(r"[^\w-]+")
_WORD_AT_END = re.compile(r"[^\W_]+\Z")
_OPTION_SIGNS = {"--", " -"}
_JOINERS = {" ", "_", "-"}
_BEFORE_WORDS = "\"'`([*_"

_SEED = NamePattern(
    words.SEED_PHRASE,
    rf"""{any_field_of(words.SEED_PHRASE)}{NAME_END}(?:\ ?\([a-z0-9 ]{{1,20}}\))?
        (?:\ {_IS})?\ ?[:=(\[|-]?\ ?["'`*_~]{{0,3}}\ ?(?=[a-z0-9])""",
)
_MIN_UNQUOTED_SEEDS = 11

# A value before its name, a value behind a lock, and the pair of a login.
_NAME_AFTER = NamePattern(
    (*words.IS_AFTER, *words.IS_BEFORE_NAME, *words.OWNERS_WITHOUT_VERB),
    rf"""(?:(?:{any_of(words.IS_AFTER)}\ (?:o\ )?{any_of(words.OWNERS)}|as|als)
            \ (?:[a-z'-]{{1,20}}\ ){{0,3}}?(?:[a-z]{{1,20}}-)?
          |(?P<article>{any_of(words.IS_BEFORE_NAME)}\ )
          |(?P<dash>{any_of(words.OWNERS_WITHOUT_VERB)}\ ))
        (?:{any_of((*words.PASSWORD, *words.PIN))}|(?P<code>{any_of(words.CODE)})
            (?!\ (?:freeze|review|base|postal|name|path|smell|style|page|point|block|line)))
        {NOT_BEFORE_WORD}""",
)
# Behind "la password", where the Vietnamese verb is an article of other languages
_VALUE_FOLLOWS = LazyPattern(rf"(?: [a-z]{{1,20}})?(?: {_IS}| ?:)")
_END_OF_SENTENCE = re.compile(r"#?[0-9]+[.:;!?]")
_SENT_NAME = NamePattern(
    words.SENT_CODES,
    rf"""{any_of(words.SENT_CODES)}
        (?:(?P<verb>{any_of(words.IS_BEHIND_NAME)})|(?=[请請])|(?:dur)?(?![^\W_]))""",
)
# What stands before such a name: the code, and a verb, a dash or a bracket.
_SENT_FIRST = re.compile(
    r"""[0-9](?<![A-Za-z0-9\x7f].)(?<![0-9][.,/:+-].)
        (?!(?<=1)9[0-9]{2}(?![0-9])|(?<=2)0[0-9]{2}(?![0-9]))
        (?:[0-9]{3,7}|[0-9]{2}[ -][0-9]{3})(?P<end>)
        (?:(?P<verb>\ ?[是为為は]\ ?[^\x00-\x7f]{0,8}|\ on\ |\ to\ (?:twoj\ )?)
          |[)\]\u3011]?\ |\ -\ |\ ?\([^\x00-\x7f]{0,4}|)\Z""",
    re.VERBOSE,
)
_SENTENCE_BEGINS = re.compile(r"(?:\A|[.!?)\]\u3011] ?)[(\[\u3010]?\Z")
_LAST_TOKEN = re.compile(
    r"""(?:(?<=[ "'`(])|\A)(?:[0-9]{3}\ [0-9]{3}|[^ "'`\x7f(]{3,64})["'`]?\Z"""
)
_SERVICE_BEFORE = re.compile(
    r"(?:your|Ihr|[Dd]ein|votre|ton|tu|su|il tuo) (?P<name>[A-Z][A-Za-z]+)[ -]\Z"
)
_OPENED_WITH = NamePattern(
    words.WITH,
    rf"""{any_of(words.WITH)}\ ["'`*_]{{0,3}}(?P<value>[0-9#*]{{4,8}}){NOT_BEFORE_WORD}
        (?!\ [a-z])""",
)
_TO_VERIFY = NamePattern(
    ("use", "enter", "code"),
    r"""(?:use|enter|code)\ ["'`*_]{0,3}(?!(?:19|20)[0-9]{2}[ "'`*_])
        (?P<value>[0-9]{4,8}|[0-9]{3}[- ][0-9]{3})["'`*_]{0,3}
        \ to\ (?:verify|log|sign|confirm|complete|authenticate|activate|unlock|reset)(?![a-z])""",
)


def find_named_secrets(searched: Searched) -> Iterator[Span]:
    """Find the values that sentences give for passwords, codes, keys and logins."""
    yield from _find_values_behind_names(searched)
    end = 0
    for name in _SEED.finditer(searched):
        if name.start() < end:
            continue
        phrase = find_seed_phrase(searched.lower, name.end(), _MIN_UNQUOTED_SEEDS)
        if phrase:
            end = phrase[1]
            yield phrase
    yield from _find_values_before_names(searched)
    yield from _find_codes_behind_locks(searched)


def _find_values_behind_names(searched: Searched) -> Iterator[Span]:
    """Find the values behind the names of secrets.

    In a text with many names, further ones count as names of secrets without a check, and what
    follows them as their values.
    """
    checked = end = 0
    has_found = MASK in searched.text
    for number, head in enumerate(_HEAD.finditer(searched)):
        if head.start() < end or searched.text.startswith(MASK, head.end()):
            continue
        if has_found and is_user_of_pair(searched.lower, head.start(), head.end()):
            continue
        relation = _relation(head)
        if number < _MAX_NAMES and not _names_a_secret(searched, head, relation):
            continue
        if _is_before_no_value(searched.text, head, relation):
            continue
        checked += 1
        if checked > _CHECKS or number >= _MAX_NAMES:
            quoted = _QUOTED.match(searched.text, head.end())
            token = quoted or _TOKEN.match(searched.text, head.end())
            if token:
                end = token.end()
                yield token.span("value" if quoted else 0)
            continue
        span = _value(searched, head, relation)
        if span:
            yield span
            yield from _further_values(searched, head, span)


def _is_before_no_value(text: str, head: re.Match[str], relation: Relation) -> bool:
    """Return whether the word behind a name shows that no value follows: "password for the"."""
    plain = _PLAIN_WORD.match(text, head.end())
    if not plain or head["seed"]:
        return False
    word = plain["word"].lower()
    if relation not in {"next", "is"} or word in words.NUMBER_WORDS:
        return False
    return (
        relation == "next"
        or not (head["password"] or head["pass"])
        or word in words.FUNCTION_WORDS
        or (is_state(word) and word not in words.ADJECTIVES)
    )


def _value(searched: Searched, head: re.Match[str], relation: Relation) -> Span | None:
    start, end = _place(searched.text, head)
    text, lower = searched.text[:end], searched.lower[:end]
    point = head["assigned"] and _is_plural(searched.lower, head) and _POINT.match(text, start)
    start = point.end() if point else start
    if _LENGTH.compiled.match(lower, start):
        return None
    token = _TOKEN.match(text, start)
    if not token:
        return _quoted_span(searched, head, start)
    value = _trim(head, _without_marks(searched.text, head, token[0]))
    are_years = _are_years(head["old"] or "", value) and not _is_change(searched.lower, head)
    if are_years or _is_no_value(value) or _is_next_field(text, head, start):
        return None
    is_apart = head["dash"] or head["emoji"] or (head["count"] and head["pin"]) or point
    is_other = is_apart and not _may_stand_apart(head, value)
    if is_other or (relation == "next" and _is_no_next_value(searched, head, value)):
        return None
    if not _names_a_key(head) and not _NOT_A_WORD.search(value):
        return _words_span(lower, head, start, relation)
    return _token_span(searched, head, (start, end), value)


def _place(text: str, head: re.Match[str]) -> Span:
    """Return where a value stands: inside of the marks of Markdown behind its name, if any."""
    start, end = head.end(), len(text)
    while marked := _MARKED.match(text, start, end):
        start, end = marked.span(marked.lastgroup or 0)
    return start, end


def _without_marks(text: str, head: re.Match[str], token: str) -> str:
    """Return a token without the marks that opened before its name: "**PIN: 4711**"."""
    closing = _CLOSING_MARKS.search(token)
    if not closing:
        return token
    before = text[max(0, head.start() - _CONTEXT) : head.start() + 1]
    behind_opening = before.rpartition(closing["marks"])[2]
    is_open = len(behind_opening) < len(before) and not behind_opening.startswith(" ")
    return token[: closing.start()] if is_open else token


def _is_no_value(value: str) -> bool:
    """Return whether a value is none of any secret: a time, a variable, "at least 8 characters"."""
    is_other = not value.isalpha() and NO_VALUE.compiled.fullmatch(value)
    return not value or bool(is_other or _COUNTED.match(value) or MASK_OR_NOTE.fullmatch(value))


def _is_next_field(text: str, head: re.Match[str], start: int) -> bool:
    """Return whether a field has no value, and the name of the next field follows."""
    next_fields = _NEXT_FIELDS.get(head["assigned"] or "")
    name = next_fields.match(text, start) if next_fields and text[start - 1] == " " else None
    if not name:
        return False
    behind = _LETTERS_FIRST.match(text, name.end())  # "password: tiger: please keep it"
    return not behind or behind[0].lower() not in words.OPENINGS


def _may_stand_apart(head: re.Match[str], value: str) -> bool:
    """Return whether a value is no word, ticket or count: behind a dash or an emoji, in a list."""
    if head["pin"] or head["code"]:
        return not head["count"] or value.isdigit()
    if _TICKET.fullmatch(value):
        return False
    if _names_a_key(head):
        return bool(_KEY.fullmatch(value))
    return bool(_BEHIND_DASH.fullmatch(value)) or (
        len(value) >= _MIN_PASSWORD and looks_like_password(value)
    )


def _are_years(first: str, last: str) -> bool:
    """Return whether a range is one of years: "the code from 2019 to 2024"."""
    return bool(_YEAR.fullmatch(first) and _YEAR.fullmatch(last))


def _trim(head: re.Match[str], token: str) -> str:
    """Return the value that a token begins with, without what follows it in a document."""
    value = _NEXT_FIELD.split(token, maxsplit=1)[0].rstrip(PUNCTUATION)
    if head["pin"] or head["code"]:
        return _CODE_END.split(value, maxsplit=1)[0].rstrip(_BEHIND_CODE)
    return value


def _is_no_next_value(searched: Searched, head: re.Match[str], value: str) -> bool:
    """Return whether a word behind a name is none of its values: "password for user 4242"."""
    last_word = head[0].rsplit(" ", 2)[-2] if head[0].count(" ") > 1 else ""
    is_number = value.isdigit() or _NUMBERED.fullmatch(value)
    return bool(
        ADDRESS.fullmatch(value)
        or _STANDARD.fullmatch(value.lower())
        or _ASSIGNMENT.fullmatch(value)
        or _is_of_a_board(head, value)
        or (head["pin"] == "pins" and _TO_A_BOARD.match(searched.lower, head.end() + len(value)))
        or (is_number and last_word in _OWNERS_OF_NUMBERS)
        or _is_attempt(searched.lower, head)
    )


def _further_values(searched: Searched, head: re.Match[str], span: Span) -> Iterator[Span]:
    """Find the old value in "from ... to ...", and further ones of a list: "codes: 1234, 5678"."""
    if head["old"] and _NOT_A_WORD.search(head["old"]):
        yield head.span("old")
    if head["pin"] or head["code"]:
        yield from _alternatives(searched.text, span)
    if not _is_plural(searched.lower, head):
        return
    for _ in range(_MAX_LIST):
        further = _NEXT_VALUE.match(searched.text, span[1])
        value = _trim(head, further["value"]) if further else ""
        if not further or not _NOT_A_WORD.search(value) or not _has_form(searched, head, value):
            return
        span = further.start("value"), further.start("value") + len(value)
        yield span


def _is_plural(lower: str, head: re.Match[str]) -> bool:
    return bool(_PLURAL.compiled.match(lower, head.start()))


def _alternatives(text: str, code: Span) -> Iterator[Span]:
    """Find further codes that slashes join to one: "4711/4712"."""
    size, end = code[1] - code[0], code[1]
    for _ in range(_MAX_LIST):
        further = _ALTERNATIVE.match(text, end)
        if not further or len(further["value"]) != size:
            return
        yield further.span("value")
        end = further.end()


def _quoted_span(searched: Searched, head: re.Match[str], start: int) -> Span | None:
    quoted = _QUOTED.match(searched.text, start)
    if (
        not quoted
        or quoted["value"].lower() in words.TYPES
        or VARIABLE.compiled.fullmatch(quoted["value"])
        or (
            _ASKED.search(searched.lower, max(0, head.start() - 12), head.start())
            and words.is_common(quoted["value"])
        )
        or (head["argument"] and _is_label(quoted["value"]))
        or (_names_a_key(head) and not _has_form(searched, head, quoted["value"]))
    ):
        return None
    return quoted.span("value")


def _is_label(argument: str) -> bool:
    """Return whether the second argument of a call is a text about a secret: "Enter a password"."""
    word = argument.lower()
    return words.is_common(word) or word in words.PASSWORD or (" " in word and word.isascii())


def _names_a_key(head: re.Match[str]) -> bool:
    """Return whether the name is one of keys and tokens, which are no words."""
    return bool(head["token"] or head["key"])


def _relation(head: re.Match[str]) -> Relation:
    if head["assigned"] or head["argument"]:
        return "assigned"
    if head["is"]:
        return "is"
    if head["to"] and _is_polish(head):
        return "is"
    return "to" if head["to"] or head["changed"] else "next"


def _is_polish(head: re.Match[str]) -> bool:
    """Return whether the name of a code is Polish, where "to" means "is"."""
    return bool(head["code"]) and head["code"].partition(" ")[0] == words.POLISH_CODE


def _names_a_secret(searched: Searched, head: re.Match[str], relation: Relation) -> bool:
    """Return whether the words around a name make it one of a secret: no "bus pass", "zip code"."""
    if (head["argument"] and not _is_argument(searched, head)) or (
        head["assigned"] and _is_of_a_program(searched.lower, head)
    ):
        return False
    if not (head["pass"] or head["key"] or head["code"] or head["password"] or head["pin"]):
        return True
    before = _words_directly_before(searched, head.start())
    if head["pin"] or head["password"]:
        is_other = head["pin"] in words.CARD_CHECKS and not _is_of_a_card(searched.lower, head)
        return not is_other and before.isdisjoint(
            words.POSTAL_PINS if head["pin"] else words.POSTAL
        )
    if head["pass"]:
        is_option = searched.text[: head.start()][-2:] in _OPTION_SIGNS
        is_password = (
            is_option
            or not before.isdisjoint(words.SYSTEMS)
            or (relation == "next" and _is_pass_of_somebody(searched, head, before))
        )
        return (relation in {"assigned", "is"} or is_password) and before.isdisjoint(words.TICKETS)
    if head["key"]:
        return (
            not before.isdisjoint(words.KEY_KINDS)
            or _is_for_a_network(head)
            or _is_of_a_network(searched, head)
        )
    return (
        bool(head["lock"])
        or not before.isdisjoint(_LOCKS)
        or not before.isdisjoint(words.OWNERS if relation != "next" else words.OWNERS_WITHOUT_VERB)
        or (relation != "next" and head["qualifier"] in words.OWNERS)
        or (relation != "next" and _is_of_a_service(searched, head))
        or bool(_NUMBERED_LOCK.search(context_before(searched.lower, head.start(), _CONTEXT)))
    )


def _is_of_a_card(lower: str, head: re.Match[str]) -> bool:
    """Return whether the words before a name, or before the entity before it, name a card."""
    before = context_before(lower, head.start(), _CONTEXT)
    rest = lower[: head.start() - len(before)]
    if rest.endswith(MASK):
        rest = rest.rstrip(MASK)
        before = f"{context_before(rest, len(rest), _CONTEXT)} {before}"
    return bool(_CARD.search(before))


def _is_of_a_program(lower: str, head: re.Match[str]) -> bool:
    """Return whether a name begins a block of a program, or its variable is passed on."""
    if _BLOCK.search(context_before(lower, head.start(), _CONTEXT)):
        return True
    passed = _PASSED_ON.match(lower, head.start())
    if passed is None:
        return False
    is_attribute = lower[: head.start()].endswith(".")
    return is_attribute or lower[passed.end() :][:1] in {")", ","}


def _is_pass_of_somebody(searched: Searched, head: re.Match[str], before: frozenset[str]) -> bool:
    """Return whether "pass" is a user's password: "my pass Zebra12", "user ann pass ..."."""
    start, end = _place(searched.text, head)
    quoted = _QUOTED.match(searched.text, start, end)
    token = quoted or _TOKEN.match(searched.text, start, end)
    if not token or head[0] != "pass ":
        return False
    value = quoted["value"] if quoted else token[0].rstrip(PUNCTUATION)
    if not before.isdisjoint(words.OWNERS_OF_PASS):
        return bool(_PASS_VALUE.fullmatch(value))
    user = _USER_BEFORE.compiled.search(context_before(searched.lower, head.start(), _CONTEXT))
    return (
        user is not None
        and not words.is_common(user["name"])
        and user["name"] not in words.NO_USERS
        and bool(_PASS_OF_USER.fullmatch(value))
    )


def _is_argument(searched: Searched, head: re.Match[str]) -> bool:
    """Return whether a name is the first argument of a call that sets or reads a value."""
    before = context_before(searched.lower, head.start(), _CONTEXT)
    return bool(_SETTER.compiled.search(before))


def _is_of_a_service(searched: Searched, head: re.Match[str]) -> bool:
    """Return whether a code is one that a service sent: "Your Example code is 1234"."""
    service = _SERVICE.search(context_before(searched.text, head.start(), _CONTEXT))
    return service is not None and service["name"].lower() not in words.NO_SERVICES


def _is_of_a_network(searched: Searched, head: re.Match[str]) -> bool:
    """Return whether the words before a key name a network: "WLAN Fritz 7590, key ..."."""
    before = context_before(searched.lower, head.start(), _CONTEXT)
    return not words.NETWORKS.isdisjoint(_NOT_IN_NAMES.split(before))


def _is_for_a_network(head: re.Match[str]) -> bool:
    """Return whether the words behind a code or a key name a network: "the key for the wifi is"."""
    return not words.NETWORKS.isdisjoint(_NOT_IN_NAMES.split(head[0]))


def _is_attempt(lower: str, head: re.Match[str]) -> bool:
    """Return whether a text is the log of a login: "Failed password for user ann42 from ..."."""
    is_of_somebody = " for " in head[0] or " from " in head[0]
    return is_of_somebody and bool(_ATTEMPT.search(context_before(lower, head.start(), _CONTEXT)))


def _words_directly_before(searched: Searched, position: int) -> frozenset[str]:
    """Return the word before a position, with a space or a hyphen between or nothing.

    Of a word with capitals and small letters, the last part is also returned: "pin" of "myPin".
    """
    before = searched.text[max(0, position - _CONTEXT) : position]
    before = before[:-1] if before[-1:] in _JOINERS else before
    before = before.removesuffix("'s")
    word = before[len(before.rstrip(_WORD_CHARACTERS)) :]
    if not word and not before.isascii():
        found = _WORD_AT_END.search(before)
        word = found[0] if found else ""
    return frozenset({word.lower(), split_capitals(word).rpartition(" ")[2].lower()})


def _words_before(lower: str, position: int) -> list[str]:
    return context_before(lower, position, _CONTEXT).split()


def _is_change(lower: str, head: re.Match[str]) -> bool:
    """Return whether the sentence changes a secret: "set the alarm code to 2580"."""
    before = _words_before(lower, head.start())
    return not words.CHANGE.isdisjoint(word.lstrip(_BEFORE_WORDS) for word in before)


def _has_form(searched: Searched, head: re.Match[str], value: str) -> bool:
    """Return whether a value that is no word has the form of what the sentence names."""
    if _names_a_key(head):
        is_word = _WORD.fullmatch(value) and not words.is_common(value)
        return bool(((head["assigned"] or head["argument"]) and is_word) or _KEY.fullmatch(value))
    if (
        head["to"]
        and not _is_polish(head)
        and (head["pin"] or head["code"] or value.isdigit())
        and not _is_change(searched.lower, head)
    ):
        return False
    if head["code"] and _KEY.fullmatch(value):
        before = _words_directly_before(searched, head.start())
        if _is_for_a_network(head) or not before.isdisjoint(words.NETWORKS):
            return True
    if head["code"] and not head["lock"]:
        before = _words_directly_before(searched, head.start())
        if head["qualifier"] in words.OWNERS or not before.isdisjoint(words.OWNERS):
            return len(value) > _MIN_DIGITS and bool(_DIGITS.fullmatch(value))
    if head["code"] or head["pin"]:
        is_other = _is_year_of_goals(searched.lower, head, value)
        return bool(_CODE.fullmatch(value)) and not (
            is_other or _is_of_a_bank(searched, head, value)
        )
    return True


def _is_of_a_bank(searched: Searched, head: re.Match[str], value: str) -> bool:
    """Return whether a code is the number of a bank: "bank code 37040044"."""
    return len(value) > _MAX_SENT and "bank" in _words_directly_before(searched, head.start())


def _is_of_a_board(head: re.Match[str], value: str) -> bool:
    """Return whether a pin is a contact or a needle: "pin D4", "pins 17 27 22"."""
    if not (head["pin"] or "").startswith("pin"):
        return False
    digits = sum(map(str.isdigit, value))
    if head["pin"] == "pins":
        return digits <= _MIN_DIGITS
    return digits < _MIN_DIGITS and not value.isdigit()


def _is_year_of_goals(lower: str, head: re.Match[str], value: str) -> bool:
    """Return whether "pin" may be a verb: "pin 2026 goals to the top"."""
    after = lower[head.end() + len(value) :][:2]
    return _relation(head) == "next" and bool(_YEAR.fullmatch(value)) and after[1:].isalpha()


def _token_span(searched: Searched, head: re.Match[str], place: Span, value: str) -> Span | None:
    """Return the span of a value that is no word, with the groups of digits that continue it."""
    lower, start, end = searched.lower[: place[1]], place[0], place[0] + len(value)
    if not _has_form(searched, head, value):
        return None
    if not value.isdigit():
        return start, end
    group = _NEXT_GROUP.match(lower, end)
    while group and len(group[1]) in {len(value), len(value) + 1} and end - start < _MAX_CODE:
        end = group.end()
        group = _NEXT_GROUP.match(lower, end)
    last = _LAST_DIGIT.match(lower, end) if " " in lower[start:end] else None
    if last and (not last["word"] or last["word"] in words.CONJUNCTIONS):
        end += 2
    is_short = sum(map(str.isdigit, lower[start:end])) < _MIN_DIGITS
    if is_amount(lower, end) or (is_short and not (head["assigned"] and head["password"])):
        return None
    return start, end


def _words_span(lower: str, head: re.Match[str], start: int, relation: Relation) -> Span | None:
    """Return the span of a value of words: a passphrase, or digits that are spelled out."""
    spelled = find_spelled_digits(lower, start)
    if spelled or not (head["password"] or head["pass"]):
        return spelled
    if relation == "assigned" and _BRACKETED_WORDS.match(lower, head.end() - 1):
        return None  # a remark: "Password: (leave empty)"
    if head["seed"]:
        return find_seed_phrase(lower, start)
    is_by_chance = head["changed"] and not _NOT_A_WORD.search(head["old"])  # "from time to time"
    if relation == "to" and (is_by_chance or not _is_change(lower, head)):
        return None
    is_phrase = relation == "assigned" and head["password"] in words.PHRASE
    sentence = find_sentence(lower, start) if is_phrase else None
    return sentence or find_passphrase(lower, start, relation, head["is"] or "")


def _find_codes_behind_locks(searched: Searched) -> Iterator[Span]:
    """Find the codes in sentences such as "the safe opens with 4711"."""
    for match in _OPENED_WITH.finditer(searched):
        if not _LOCKS.isdisjoint(_words_before(searched.lower, match.start())):
            yield match.span("value")
    for match in _TO_VERIFY.finditer(searched):
        yield match.span("value")


def _find_values_before_names(searched: Searched) -> Iterator[Span]:
    """Find values that a name follows: "4711 is the safe code", "use 4711 as the pin"."""
    for match in _NAME_AFTER.finditer(searched):
        begin = max(0, match.start() - _CONTEXT)
        before = searched.text[begin : match.start()].rstrip(" ")
        if match["dash"]:  # "482913 - ваш код"
            before = before[:-2] if before.endswith(" -") else ""
        token = _LAST_TOKEN.search(before)
        if (
            token
            and not is_reference(searched, begin + token.start())
            and _may_precede_name(searched, token[0], match)
        ):
            value = token[0].rstrip("\"'`")
            yield begin + token.start(), begin + token.start() + len(value)
    for match in _SENT_NAME.finditer(searched):
        begin = max(0, match.start() - _SENT_CONTEXT)
        code = _SENT_FIRST.search(searched.lower, begin, match.start())
        if code and (match["verb"] or code["verb"] or _begins_sentence(searched, code.start())):
            yield code.start(), code.end("end")


def _begins_sentence(searched: Searched, position: int) -> bool:
    return bool(_SENTENCE_BEGINS.search(searched.lower, max(0, position - 3), position))


def _may_precede_name(searched: Searched, token: str, match: re.Match[str]) -> bool:
    value = token.rstrip("\"'`")
    is_quoted = value != token
    if not is_quoted and (NO_VALUE.compiled.fullmatch(value) or not any(map(str.isdigit, value))):
        return False
    is_apart = match["article"] and _VALUE_FOLLOWS.compiled.match(searched.lower, match.end())
    if is_apart or _END_OF_SENTENCE.fullmatch(value):
        return False
    if not match["code"]:
        return True
    before = _words_directly_before(searched, match.start("code"))
    is_owned = not before.isdisjoint(words.OWNERS)
    service = _SERVICE_BEFORE.search(searched.text[match.start() : match.start("code")])
    is_of_service = service is not None and service["name"].lower() not in words.NO_SERVICES
    is_code = len(value) > _MIN_DIGITS and _SENT_CODE.fullmatch(value)
    return not before.isdisjoint(_LOCKS) or bool((is_owned or is_of_service) and is_code)
