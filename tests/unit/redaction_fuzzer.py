"""Texts that are expensive to redact, for tests and for `make bench NAME=redaction`."""

import random
import string
from collections.abc import Iterator

SIZE = 4_000
"""Characters of a text, as many as a message may have."""

UNITS = (
    "x", "1 ", "a.a1", "a@", "call 1", "//a:", "12 ", "sin 123 ", "password for ", "(", "4.1 1.",
    "a dot ", "login is a/", "order no 1", "password is ", "/6.//", "@", ".", ":", "a:", "::",
    "1:", "a::1 ", "12:34:56 ", "4111 1112 ", "4111 1111 1111 1112 ", "4 1 1 1 1 ", "41 11 ",
    "4111-1112-", "+49 171 2345678 ", "0171 2345678 ", "020 7946 0018 ", "(212) 736-5000 ",
    "pass is pass is ", "pin pin ", "pin 1 ", "pin;", "pin is 4711 ",
    "password is correct horse ", "the code is 4711 ", "set pin to 4711 ", "dob ", "dob 1 ",
    "1 dob ", "born 12.3.85 ", "12.3.85 born ", "12 march 1985 ", "DE89 3704 0044 0532 0130 01 ",
    "NO9386011117948 ", "DE12 ", "iban is DE12 ", "account 12345 ", "ssn 1234 ", "44051401358 ",
    "44051401359 ", "12345678A ", "70010112345 ", "2341 2341 2347 ", "a@b.c", "a@b.cc ",
    "ж@ж.жж ", "a at b dot c ", "x (at) y.zz ", "www.", "http://a?a=", "://", "?a&",
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb ", "q7Rk2Lm9Xv4Tz8Wp1Nc6Yb3Hd ", "aB1", "deadbeef",
    "f3b1c9d27a4e58f6b0a1d2e3c4-", "eyJ", "eyJaaaaa.", "sk-", "AKIA", "00:1b:",
    "00:1b:44:11:3a:b7 ", "001b.", "10.0.0.1 ", "1.2.3.", "2001:db8::1 ", "卡号4111111111111111",
    "密码是hunter2", "\u200b", "é", "ﷻ", "\ufdfa", "㏂", "①", "\uff21", "<EMAIL> ", "<",
    "\n", "\t1", '"a" is the password ', "4711 is the pin ", "=", "key=", "secret=",
    "api key is abc123def ", " at b dot c", "9", "00", "+1", "(1", "change my password to ",
    "seed phrase: ", "mac 00 ", "call a 1234567 ", "my number is 1234567 ", "01.02.2026 ",
    "612 34 56 78 ", "code de la porte ", "my code is ", "card 1234 5678 9012 3456 ", "4242.4242.",
    "commit ", "[at]", "ab@cd.ef.", "password for a b c d e ", "date_of_birth ", "cardNumber: ",
    "card_number card_", "aBc", "release 1.2.3.4 to ", "1.2.3.4 to ", "48ad-08f2-", "ruf a an 1",
    "checksum of a ", "xrp r", "xlm GA", "12345678:", "счёт 1", "compte n° 1",
    "curl ", "curl -u a:", "curl - ", "mysql -p ", "mysql -pa ", " -", "authorization: basic ",
    "4111111111111111 12/27 123 ", "docker login -p ", "password for a 1 ", "password for a #1 a ",
    "password from a1 to ", "change my pin from 12 to ", "<b>password</b>", "password: **",
    "password[", "passwords: a1, ", "codes 1234 ", "pins 123, 456 ", '"password", "value": ',
    "wifi: a / ", "wifi a ", "user/pass: ", "user and password a ", "@a.bc:ab1 ",
    "@a.bc / ab12345 ", "a&#64;", "a%40b.cc ", "x AT a.bc ", '"a" ', '"@a.bc ', "a @gmail ",
    "4111,1111,", "4111|", "?a=?token=", "x://a:", "x://a:b/c@", "use 1234 to verify ",
    "Your Abc code is ", "call id 1", "8 (912) ", "identified by '", "wifi:t:a;p:",
    "wifi:t:a;s:b;", "born 3:15 ", "1.2.3.4.tar ",
    "138 1234 5678给", "0801234567", "call number of a s 1234567 ",
    "take a b c into account 12345 ",
    "rib 20041 01005 ", "konto 61 1090 1014 0000 ", "号号号1", "mit nummer er 1234567 ",
    'cfg["password"] = "', "set('token', 'a1b2c3', ", "password: str<a, b = ", "password%3D",
    "密码的最长最长最长", "密码a", "echo a | sudo -a ", "echo a | b -", "login ann / ",
    "password from a where ",
    "비밀번호를 ", "비밀번호를 ﷻ", "联系电话 021-61234567 ", "Password (again): ",
    "smbclient -U a%b ", "ваш код 1 ", "a@b.cc|",
    "password (a1567b82633c004352d7-44=", "cuenta ES91-2100-0418-4502-0005-1332 ",
    "password est trop ", "密码是最少6位", "vpc-0a1b2c3d4e5f67890 ", "password: a().b().c(",
    "パスワードは", "비밀번호는a", "password: a-", "password? a1", "pin of the a from 1 to ",
    "git show a ", "> 1 ", "\n> ", ": > 12 ", "&#64;", "a&#64;a.bc ", "&nbsp;", "&#x",
    "b. 1 may 1985 ", "(*12.3.85 ", "a. b. 12.3.85 ", "kodunuz 4829 ", "code 482913 do not share ",
    "code 4829 code 4829 ",
    "mnemonic abandon ability ", "mnemonic ", "abandon ability able ", "cookie: sid=a1b2c3d4; ",
    "cookie: ", "cookie: a=b; ", "curl -b ", "mac of a is ", "account of a b c d: ", "pw (wifi) ",
    "b.", "448789-153758-", "pins 1 2 ", "call sizes 12 14 16 ", "password: at least 8 ",
    "1987. mart ", "password of a1: ", "password (a) a1 ", "*12.3.85 ", "code: 482913 ",
    "TEL03-1234-5678 ", "pin1111", "card1 1 1 ", "a1 1.", "a_at_b_dot_com ", "_at_a_dot_",
    "-at-a-dot-", "a / a1234567 to log in ", "log in with ", "use a12 to login ", "log in ",
    "2fa 1 ", "2fa code 482913 ", "Anna Weber * 12.3.85 in ", "* 12.3.85 ",
    "bank code 1234567 ", "p/w ", "log in use a12 ", "sign in: a / ", "geburtsdatum12.3.85 ",
    "</td>", "<td class='a ", "<td>pin</td><td>1234</td>", "password: ```a ", 'password: " a ',
    "pin 1234/1234/", "seed phrase: **magnet ",
    "account of a b c d e f g ", "passport of the caller m4418203 ", "ssn a a a a a a ",
    "passport ", "iban a'a-a ", "護照的a1", "паспорт: ЯЖ 482917 ", "M4418203 is my passport ",
    "44182031 (passport) ", "nip firmy ", "sort 20-10-53 ", "phone number a a a a a a a ",
    "dob of kids: 04.08.2014, ", "04.08.2014 und ", "nee a le 4.8.1948 ", "meter 004418203 ",
    "f0 27 2d 8b 61 c7 ", "0:1b:44:", "0x5c, ", "5.29.77.140.5151 > ", "ip 1 . 22 . 3 . 4 ",
    "wifi 8cec4b77e01f ", "x://a/s/t7Kq2LmX0vR9 ", "x://a/s/1/2/", "/d/e/f/",
    "write info at a dot b ", "passport (adult 1): ", "account has no 12345678 ",
)  # fmt: skip
"""What the texts repeat and mix: starts of entities, near misses, and entities."""


def repeat(unit: str) -> str:
    """Repeat a text up to `SIZE` characters."""
    return (unit * (SIZE // len(unit) + 1))[:SIZE]


def expensive_texts(seed: int, count: int) -> Iterator[str]:
    """Yield every unit repeated, and then `count` mixed and random texts of `SIZE` characters."""
    yield from map(repeat, UNITS)
    generator = random.Random(seed)
    makers = (_mixed_units, _repeated_units, _random_characters, _repeated_characters, _unicode)
    for number in range(count):
        yield makers[number % len(makers)](generator)


def _mixed_units(generator: random.Random) -> str:
    units = generator.sample(UNITS, generator.randint(2, 40))
    return "".join(generator.choices(units, k=SIZE))[:SIZE]


def _repeated_units(generator: random.Random) -> str:
    return repeat("".join(generator.sample(UNITS, generator.randint(2, 5))))


def _random_characters(generator: random.Random) -> str:
    alphabet = generator.sample(string.printable, generator.randint(1, 8))
    return "".join(generator.choices(alphabet, k=SIZE))


def _repeated_characters(generator: random.Random) -> str:
    return repeat(_random_characters(generator)[: generator.randint(2, 40)])


def _unicode(generator: random.Random) -> str:
    first = generator.choice([0x20, 0x300, 0x600, 0x3000, 0xAC00, 0xF900, 0x1D400])
    return "".join(chr(generator.randrange(first, first + 0x800)) for _ in range(SIZE))
