"""What the words around a candidate say about it."""

import re
from collections.abc import Iterator
from string import ascii_lowercase, digits, punctuation

from prompt_capture.domain.entities.searched import (
    Searched,
    context_before,
    name_set,
    names,
    split_capitals,
)
from prompt_capture.domain.entities.secrets.words import is_common
from prompt_capture.domain.patterns import any_of, lazy_pattern
from prompt_capture.domain.searchable_text import Span

_ASCII_WORD = ascii_lowercase + digits
_NOT_IN_WORDS = punctuation + " "
_WORD_AT_END = lazy_pattern(r"(?<![^\W_])[^\W_]+\Z")
WINDOW = 36
"""Characters before a number in which a name may stand."""
_FILLERS = name_set(
    """tag label
    number numbers num no nr nro nummer numero numer id ids code ref key details is ist was
    war are est es e value hash my mein meine the of del de to n o numer numara номер
    是 号码 番号 번호 は 는 은"""
)
"""Words between a name and its number: "order number is 1"."""
_INNER_CAPITAL = lazy_pattern("[a-z][A-Z]")
# The names of fields: "orderid"
_NUMBERS = ("number", "num", "no", "nr", "id")
_PARTICLES = "".join(names("是 为 為 は が 는 은 이 가"))
_NUMBER_SUFFIX = lazy_pattern(f"(?:{'|'.join(names('号码 号 番号 번호'))})\\Z")


def is_named(searched: Searched, start: int, what: frozenset[str]) -> bool:
    """Return whether the words before a position end with one of some names.

    A name may also be the end of one in capitals and small letters, as in "lastOrder". In another
    script, it may follow other words without a space.
    """
    lower = context_before(searched.lower, start, WINDOW)
    before = searched.text[start - len(lower) : start]
    return searched.recall(_names, (lower, before, what))


def _names(context: tuple[str, str, frozenset[str]]) -> bool:
    lower, before, what = context
    if _ends_with_name(lower, what):
        return True
    has_inner_words = before != lower and _INNER_CAPITAL.search(before)
    return bool(has_inner_words) and _ends_with_name(split_capitals(before).lower(), what)


def _ends_with_name(lower: str, what: frozenset[str]) -> bool:
    before = lower.rstrip(" :#.°=(-'\"/>_[{|")
    word = _last_word(before)
    while word in _FILLERS and word not in what and before[-2:-1] != "/":
        rest = before[: -len(word)].rstrip(_NOT_IN_WORDS)
        if not rest:
            break
        before, word = rest, _last_word(rest)
    if word == "file" and before.endswith("on file"):
        return False  # "card on file"
    if len(word) == 1 and before[-2:-1] == "/":
        word = before[-3:]  # "s/n" for "serial number"
    if word.isascii():
        return word in what or (
            word.endswith(_NUMBERS)
            and any(word.removesuffix(number) in what for number in _NUMBERS)
        )
    # The form of a name may end with a particle, or have a hyphen in it.
    without_particle = before.rstrip(_PARTICLES)
    forms = before, without_particle, _NUMBER_SUFFIX.sub("", without_particle)
    return any(form.endswith(tuple(what)) for form in forms)


def _last_word(text: str) -> str:
    """Return the letters and digits at the end of a text."""
    start = len(text.rstrip(_ASCII_WORD))
    if start and not text[start - 1].isascii():
        word = _WORD_AT_END.search(text)
        return word[0] if word else ""
    return text[start:]


_NUMBERS_OF = names(
    """auftrags bestell rechnungs kunden sendungs vorgangs artikel vertrags serien mitglieds
    matrikel ticket tracking teile modell chargen inventar personal paket"""
)
REFERENCES = name_set(
    """etudiant etudiante estudiante estudante studente matricola matricule aluno alumno
    order orders invoice student customer member membership tracking track parcel package
    shipment delivery consignment waybill awb container ticket booking reservation case
    reference ref receipt serial isbn issn ean gtin upc sku barcode imei iccid vin population
    version matriculation matrikel article item product part model asset inventory batch lot
    claim policy contract revision record transaction confirmation purchase po rma quote job
    request issue bug
    incident commit build document doc file page chapter section room seat gate flight bus train
    meeting session meter employee staff timestamp epoch score total amount sum box uuid guid
    auftrag bestellung rechnung sendung vorgang vertrag mitglied art
    s/n sn p/n ser
    orden ordem ordre cliente client
    commande facture suivi colis pedido factura seguimiento ordine fattura spedizione
    dossier expediente pratica processo rastreio rastreamento
    bestelling bestelnummer factuur factuurnummer zamowienie zamowienia faktura encomenda
    zlecenie zlecenia przesylka przesylki paczka paczki
    ordre ordrenummer ordernummer bestilling bestillingsnummer bestallning bestallningsnummer
    pakke pakkenummer forsandelse kolli kollinummer tilaus tilausnumero lahetys
    订单 订单号 订单编号 运单 运单号 快递单号 单号 序列号 注文番号 注文 伝票番号 伝票 送り状番号
    追跡番号 受付番号 問い合わせ番号 주문번호 주문 운송장번호 운송장 송장번호 송장
    заказ заказа счет посылка посылки трек накладная накладной отправление отправления
    ärende ärendenummer protocolo atendimento ऑर्डर आर्डर बिल शिकायत
    طلب الطلب فاتورة الفاتورة הזמנה"""
).union(*({name, f"{name}nummer", f"{name}nr"} for name in _NUMBERS_OF))


PEOPLE = name_set(
    """customer client cliente member mitglied employee staff student etudiant etudiante estudiante
    estudante studente aluno alumno personal"""
)
"""Words for a reference that also name the person whose identity or account a number is."""
THINGS = REFERENCES - PEOPLE | name_set(
    """application applications submission wniosku wniosek aanvraag antrag antrags solicitud demande
    richiesta pedido sak sag ärende заявка заявки заявление"""
)
"""Words for other references, and what becomes one only far from a name."""
AFTER_PERSON = lazy_pattern(rf"(?:{any_of(PEOPLE)})[ :]{{1,3}}\Z")
"""A word for a person, directly before a number."""
_PLAIN_NUMBER = lazy_pattern("[1-9][0-9]{2,11}(?![a-z0-9\x7f]|[ /.-][0-9])")


def is_reference(searched: Searched, start: int) -> bool:
    """Return whether the words before a number make it one of a thing.

    Of a person, only a plain number is one: "customer 12345678".
    """
    if not is_named(searched, start, REFERENCES):
        return False
    is_of_person = not is_named(searched, start, THINGS) and AFTER_PERSON.search(
        context_before(searched.lower, start, WINDOW)
    )
    return not is_of_person or bool(_PLAIN_NUMBER.match(searched.lower, start))


UNITS = name_set(
    """characters character chars char letters letter digits digit symbols words word numbers
    zeichen stellen ziffern buchstaben wörter caractères cifras caratteri
    ms milliseconds ns won yen yuan rupees rubles krw jpy cny inr records hz mhz ghz
    days day hours hour minutes minute mins min seconds sec weeks months years year times
    attempts tries euros euro eur usd dollars dollar bucks pounds chf percent am pm uhr o'clock
    people users bytes bits kb mb km meters m kg items points steps floor floors requests
    messages tasks tage stunden minuten jahre mal versuche rows lines pages views copies
    satir dakika saat gün kez kişi adet लीटर किलो मीटर रुपये
    hits cards visitors visiteurs visitantes besucher inhabitants habitants habitantes einwohner
    abitanti spectators zuschauer votes stimmen games parts pcs units boxes pallets tokens residents
    participants teilnehmer pln zl zloty kc
    followers members signatures kwh mwh wh kcal kj m2 m3 liter liters litres litre tonnes
    px pixels dpi vues vistas abonnés visites clics
    calls samples cases examples entries events items orders customers subscribers
    palabras páginas hojas renglones palavras folhas parole pagine mots seiten woorden słów stron
    слов страниц शब्द पन्ने
    casos muestras usuarios filas veces llamadas échantillons lignes appels utilisateurs
    campioni righe casi amostras linhas ligações anrufe zeilen nutzer beispiele fälle"""
)
_UNITS_WITHOUT_SPACE = names(
    """位 天 次 个 個 元 円 人 件 条 年 小时 時間 分钟 文字 桁 字符 자리 글자 개 원 시간 일간"""
)
# Not the name of the next field: "Hours: 9-5", "M (415) 555-0199", "M-F 9-5", "Ms. Smith"
_NEXT_WORD = lazy_pattern(
    r"""\ ([a-z']++)(?!\ ?:|-[a-z](?![a-z])|(?:(?<=\ m)|(?<=\ ms)|(?<=\ min))\.\ [a-z]
        |\ ?[+(]?[0-9](?:[ ()./-]{0,3}[0-9]){5})""",
    re.VERBOSE,
)


def is_amount(lower: str, end: int) -> bool:
    """Return whether the word behind a number, in lower case, makes it an amount.

    A word that names the next field does not.
    """
    word = _NEXT_WORD.match(lower, end)
    if word:
        return word[1] in UNITS
    return lower.startswith(_UNITS_WITHOUT_SPACE, end)


_NEXT_IN_LIST = lazy_pattern(
    r"(?:[,;]? (?:and|or|und|oder|et|ou|y|o|e|en|of|og|och) |[,;] ?| ?/ ?)(?=[0-9(])"
)
_DIGIT = lazy_pattern("[0-9]")
_WORD_GOES_ON = lazy_pattern(r"[a-z0-9\x7f]|[./-][0-9]")


def list_behind(lower: str, start: int, end: int) -> Iterator[Span]:
    """Find the numbers behind a number in a list, which have the same groups of digits."""
    form = _DIGIT.sub("0", lower[start:end])
    following = _NEXT_IN_LIST.match(lower, end)
    while following:
        start, end = following.end(), following.end() + len(form)
        if _DIGIT.sub("0", lower[start:end]) != form or _WORD_GOES_ON.match(lower, end):
            return
        yield start, end
        following = _NEXT_IN_LIST.match(lower, end)


# What begins behind a complete number: a date, a time, the mark of a list, a count of things
_DATE_OR_TIME = lazy_pattern(
    r"""\ (?:(?:19|20)[0-9]{2}(?P<sign>[-./])[0-9]{1,2}(?P=sign)[0-9]{1,2}
        |[0-9]{1,2}(?P<joint>[./])[0-9]{1,2}(?P=joint)(?:19|20)[0-9]{2}
        |[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)(?![0-9:])""",
    re.VERBOSE,
)
_LIST_MARK = lazy_pattern(r"(?<=[a-z0-9]{4}) (?P<point>[1-9][0-9]?)(?P<sign>[.)]) (?=[^\W\d_])")
_COUNT = lazy_pattern(r"(?<=[a-z0-9]{4}) [1-9] (?P<word>[^\W\d_]+)(?![\w])")
# Without any of these in a number, its last group alone may be something else.
_MAY_BEGIN_ITEM = lazy_pattern(r" (?:[0-9]{1,4}[./:)-]|[1-9] [^\W\d_])")
_MAX_ITEM_BEGIN = 6
_LIST_WINDOW = 400
YEAR_NUMBER = lazy_pattern("(?:19|20)[0-9]{2}")
"""A year of the last or of this century."""


def end_of_number(lower: str, start: int, end: int, least: int) -> int:
    """Return the end of a number without what begins behind it, in lower case.

    Line breaks are spaces here, so that a date, a time, the mark of a list or an amount may seem
    to be the last group. What remains has `least` digits or more.
    """
    may_begin_item = _MAY_BEGIN_ITEM.search(lower, start, end + _MAX_ITEM_BEGIN)
    space = lower.find(" ", start, end) if may_begin_item else lower.rfind(" ", start, end)
    while space >= 0:
        has_digits = sum(map(str.isdigit, lower[start:space])) >= least
        if has_digits and (_begins_item(lower, space) or _is_last_amount(lower, space, end)):
            return space
        space = lower.find(" ", space + 1, end)
    return end


def _begins_item(lower: str, space: int) -> bool:
    if _DATE_OR_TIME.match(lower, space):
        return True
    mark = _LIST_MARK.match(lower, space)
    if mark:
        point = int(mark["point"])
        before = lower[max(0, space - _LIST_WINDOW) : space]
        return point < 10 or f"{point - 1}{mark['sign']} " in before
    count = _COUNT.match(lower, space)
    return count is not None and not is_common(count["word"])


def _is_last_amount(lower: str, space: int, end: int) -> bool:
    return lower.find(" ", space + 1, end) < 0 and is_amount(lower, end)


# Words between a name and a number that make it a measure: "phone costs", "call_duration_ms".
MEASURES = name_set(
    """duration durations length time times latency delay volume count counts counter counted cost
    costs price prices priced sold sales users subscribers subscriptions rows items lines records
    events requests logs processed handled made total totals sum average avg mean median max min
    maximum minimum size limit quota budget revenue rate traffic usage strength score index offset
    sizes limits volumes values value voltage voltages pages options levels scores rates lengths
    depth breakpoints balance ms sec secs seconds minutes hours bytes kb mb gb per worth sells
    sell aviv
    dauer anzahl kosten kostet preis länge zeit nutzer summe volumen größe
    durée nombre coût coûte coûtent prix utilisateurs duración cuesta cuestan costo coste precio
    usuarios duração custa preço durata costa prezzo utenti kosztuje
    cena liczba koster pris antal"""
)
NO_NAMED_NUMBER = lazy_pattern(
    r"""[0-9]{1,4}[./-][0-9]{1,2}([./-])[0-9]{1,4}(?![0-9\x7f]|\1[0-9])      # a date
        |(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])\Z      # a date
        |(?:19|20)[0-9]{2}[ /-](?:19|20)[0-9]{2}\Z                       # years
        |[0-9]{1,2}\.[0-9]{2}[ -]                                      # a time
        |[1-9][0-9]{0,2}(?:\.[0-9]{3})+\Z                              # thousands
        |[0-9]{5}-[0-9]{4}\Z                                            # a ZIP code
        |[1-9][0-9]{0,2}0{5,}\Z                                        # a round number""",
    re.VERBOSE,
)
