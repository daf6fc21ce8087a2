"""The names of secrets, what leads from a name to its value, and where the value stands."""

import re
from collections.abc import Iterator

from prompt_capture.domain.entities.searched import (
    NAME_END,
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
)
from prompt_capture.domain.entities.secrets import words
from prompt_capture.domain.entities.secrets.passphrases import Relation
from prompt_capture.domain.patterns import any_field_of, any_of, lazy_pattern
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
# The Vietnamese verb is an article behind a preposition: "de la abuela".
IS = (
    rf"(?:(?:{any_of(words.IS)}|(?<!\bde\ )(?<!\ba\ )(?<!\ben\ )(?<!\bcon\ )la){NOT_BEFORE_WORD}"
    r"|\u0435(?![^\W_]))"
)
# What stands between the name of an element and its value: `<password type="plain">`
_ELEMENT = r"""(?:\ [a-z][a-z:-]{0,30}=["'][^"'<>\x7f]{0,60}["']){0,3}>\ ?(?:<!\[cdata\[\ ?)?
    (?=[^ <>]{1,100}\ ?(?:\]\]>\ ?)?</)"""
_EMOJI = "[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]"
# The second argument of a call: `define('DB_PASSWORD', '...')`.
_ARGUMENT = r"""\\?["'],\ ?(?=\\?["'`])"""
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
# "The gate code six two nine one"
NUMBER_WORD = any_of(words.NUMBER_WORDS)
_SPELLED = rf"(?:\ (?:{NUMBER_WORD})(?=[ ,.;!?-]|\Z)){{3}}"
# <input name="password" value="...">, {"name": "password", "value": "..."}
_VALUE_FIELD = r"""\\?["'],?\ ?\\?["']?value\\?["']?\ ?[:=]"""
HEAD = NamePattern(
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
                |\ (?:for|of|at|in|on|zu|fur|am|an|im|de|du|del)
                    \ {_LETTERS}(?:\ {_LETTERS}){{0,3}}?)?
            \ {any_of(words.FROM)}\ (?P<old>[^ \x7f]{{1,64}})(?P<changed>\ {any_of(words.TO)}(?=\ ))
          |(?:{_ACCOUNT}
                |\ {_ELIDED}{_LETTERS}
                |\ (?:that\ |which\ )?(?:i|we|you|they|people)(?:\ {_ANY_WORD}){{1,4}}?(?=\ {IS}\ )
                |,?\ (?:que|qui|che|das|die|der|den|dat|som)(?:\ {_ANY_WORD}){{1,5}}?,?(?=\ {IS}\ )
                |\ (?!{_FROM_TABLE}){_PREPOSITION}\ (?:{_ANY_WORD}|[a-z]{{1,3}}[0-9]{{1,4}}(?=\ )
                        |(?<!to\ )(?<!as\ )(?<!zu\ )(?<!auf\ ){_USER}(?=\ ?[:=]|\ {IS}\ ))
                    (?:\ (?:{_ANY_WORD}|{_ANY_NUMBER})){{0,4}}?)?
            (?:{_BEHIND_NAME}{_REMARK}(?:\ ?{_EMOJI}(?=\ ?[:=]))?\ ?
                (?P<assigned>{_VALUE_FIELD}|\ value:|{_TYPED}|:=|=>|->
                  |[:=\u2192\u21d2\u279c]|{_ARROW}|%3[da]|(?P<dash>\ -[ ])|{_ELEMENT})
              |(?P<argument>{_ARGUMENT})
              |(?P<is>\ {IS}(?::|\ -(?=\ ))?|'s{NOT_BEFORE_WORD}
                |\ ?{any_of(words.IS_WITHOUT_SPACE)})(?:{_ARTICLE})?
              |(?P<to>\ {any_of(words.TO)}(?=\ )))
          |(?:{_TAG}\ ?)?(?:{_TAG}|\ ?\|)
          |(?:{_ACCOUNT}
                |\ (?:{_PREPOSITION}\ |{_ELIDED}){_LETTERS}(?:\ {_LETTERS}){{0,2}}?)?
            (?=\ [^ ]{{0,64}}(?:[0-9]|[!#$%^&*][a-z])|\ ["'`[]|{_SPELLED})
          |\ (?:{_BRACKETED}|(?:for|of|von|fur|de|di|para|pour|voor|dla)\ {_USER})
            (?={_ANSWER}(?:\ |\Z))
          |(?=\ ?{_EMOJI}{_ANSWER}(?:\ |\Z))
          |{_ANSWERED}
          |{_WITHOUT_SPACE})
        (?:[*_]{{1,3}}(?=\ ))?\ ?(?:(?:{_TAG}|\|(?!\|))\ ?){{0,2}}[(\[\u3010]?
        (?P<emoji>{_EMOJI}{{1,3}}\ ?)?(?:\\(?=["'])|[ub](?=["']))?""",
)
_PLURAL = lazy_pattern(any_of(words.PLURALS))


def is_plural(lower: str, head: re.Match[str]) -> bool:
    return bool(_PLURAL.match(lower, head.start()))


def names_a_key(head: re.Match[str]) -> bool:
    """Return whether the name is one of keys and tokens, which are no words."""
    return bool(head["token"] or head["key"])


def relation_to_value(head: re.Match[str]) -> Relation:
    if head["assigned"] or head["argument"]:
        return "assigned"
    if head["is"]:
        return "is"
    if head["to"] and is_polish(head):
        return "is"
    return "to" if head["to"] or head["changed"] else "next"


def is_conjunction(searched: Searched, start: int, end: int) -> bool:
    """Return whether a span begins with "e", which is "and", and not with the verb "é" or "è"."""
    words_from = searched.lower[start:end].lstrip(" ")
    is_letter = words_from == "e" or words_from.startswith("e ")
    return is_letter and searched.written((start, end - len(words_from) + 1)).isascii()


def ends_with_conjunction(searched: Searched, head: re.Match[str]) -> bool:
    """Return whether a conjunction follows a name, and no verb."""
    return head["is"] == " e" and is_conjunction(searched, *head.span("is"))


def find_heads(searched: Searched) -> Iterator[re.Match[str]]:
    """Find names of secrets with what leads to their values. A conjunction leads to no value."""
    for head in HEAD.finditer(searched):
        before = None
        if ends_with_conjunction(searched, head):
            before = HEAD.pattern.match(searched.lower, head.start(), head.start("is"))
        yield before or head


def is_polish(head: re.Match[str]) -> bool:
    """Return whether the name of a code is Polish, where "to" means "is"."""
    return bool(head["code"]) and head["code"].partition(" ")[0] == words.POLISH_CODE


# The mark of a point in a list: "- ", "1. ". The searched form has a dot for a bullet.
POINT = lazy_pattern(r"(?:[-*+#.]|[0-9]{1,2}[.)])\ (?=[^\ ])")

# What the marks of Markdown, or quotation marks and spaces, enclose. A block of code has either one
# token or at least four words: the line of a program is no password.
_MARKED = lazy_pattern(
    r"""```[a-z]{0,12}\ (?P<block>[^ `\x7f]{1,200}|[A-Za-z]{3,8}(?:\ [A-Za-z]{3,8}){3,23})\ ```
        |(?P<marks>\*{1,3}|_{1,3}|~~|\|\||```)(?!\ |(?P=marks))
            (?P<inside>[^\x7f]{1,200}?)(?<!\ )(?P=marks)(?![A-Za-z0-9\x7f])
        |"\ (?P<quoted>[^"\x7f]{1,200}?)\ "(?![A-Za-z0-9\x7f])""",
    re.VERBOSE,
)
# A CSV file doubles the quotation marks within a cell.
QUOTED = lazy_pattern(r"""(""(?=[^\W_])|["'`])(?P<value>[^"'`\x7f]{1,80}?)\\?\1""")
TOKEN = lazy_pattern(
    r"""[!#-&(-;=?-_a-~\u0400-\u04ff]{1,200}
        |[^\x00-\x7f]{1,100}(?:(?![?!.,;:][^\x00-\x7f])[^ "'`\x7f]){0,100}""",
    re.VERBOSE,
)


def place(text: str, head: re.Match[str]) -> Span:
    """Return where a value stands: inside of the marks of Markdown behind its name, if any."""
    start, end = head.end(), len(text)
    while marked := _MARKED.match(text, start, end):
        start, end = marked.span(marked.lastgroup or 0)
    return start, end
