"""Words around a number or a token by which the context model knows what it may be.

All are in the form in which the searched form of a text spells them.
"""

from prompt_capture.domain.entities.searched import names

CODES = names(
    """code codes codice codici código códigos kod kodu kodem kode koden kodet koodi kodin kód kódja
    kódod codul kods koda код кода коду кодът combination combinations combo kombination
    kombinationen kombinasi kombinatie kombinasjon combinatie combinaison combinación
    combinazione combinação kombinacja kombinace szyfr κωδικός קוד הקוד""",
)
"""Names of numbers of which many open something."""

PINS = names(
    """geheimnummer clave geheimzahl sandi pin pins pin-em pinem pinu pinen puk puk1 puk2 tan otp
    totp mfa pincode passcode cvv cvc csc keycode entsperrcode пин пин-код pinkode pinkoden
    pinkod mtan phototan pushtan chiptan smstan קוד-אישי""",
)
"""Names of numbers that are secret whatever they are for."""

LOCKS = names(
    """safe vault lock locks padlock lockbox keybox keysafe keypad digipad combo-lock locker
    intercom
    tresor zahlenschloss vorhängeschloss schloss schlüsseltresor schlüsselkasten schlüsselsafe
    schlüsselbox spind kluis kluisje slot hangslot cijferslot sleutelkluis coffre cadenas
    coffre-fort digicode boîtier candado cerrojo cassaforte lucchetto cofre cadeado sejf sejfu
    kłódka kłódki kłódce zámek trezor seif lacăt låset kassaskåp kassaskåpet hänglås hänglåset
    hengelås hengelåsen hængelås pengeskab nøkkelboks nøkkelboksen kilit kasa сейф сейфа замок
    замка domofon домофон widerstand""",
)
"""Things that a number opens."""

DOORS = names(
    """unlock buzzer suitcase luggage trunk trastero taquilla szafka berging portkod låset kapısı
    zugang toegang accès acceso accesso dostęp adgang tillträde door doors gate gates barrier
    garage entrance alarm alarms panel shed cellar tür tor haustür hoftor kellertür garagentor
    schranke alarmanlage einfahrt porte portail barrière alarme puerta portón portal alarma
    garaje barrera porta portone cancello allarme sbarra portão garagem deur poort slagboom
    drzwi brama bramy bramie furtka furtki garaż szlaban dveře brána vrata poartă ușă dörr
    dörren grind larm larmet dør døren alarmen kapı дверь двери ворота калитка шлагбаум
    сигнализация подъезд вход""",  # noqa: RUF001 (Russian, Turkish)
)
"""Things that a number opens, but which have other numbers, too."""

ACCESS = names(
    """account login signin logging signing logon verify verification authenticator authentication
    authenticate auth card karte carte tarjeta suitcase szafka entrar entrare entrer rein
    reinkommen buzzer locker confirm confirmar confirmer confirmare bestätigen potwierdzić
    device delivery courier driver parcel pickup handover webinar conference entry entrance
    access unlock sms texted whatsapp bank password netflix guest guests airbnb keys key host
    parking car-park parkhaus tiefgarage stellplatz anmeldung anmelden einloggen konto
    lieferung zusteller abholung schlüssel zugang zutritt eingang büro connexion vérification
    compte livraison livreur accès clés entrée reçu acceso cuenta entrega verificación llaves
    accesso consegna chiavi acesso chaves toegang bezorger sleutel inloggen dostawa kurier
    klucz logowanie inloggning leverans nyckel levering nøkkel nøgle bike bikes building
    klatka piętro flat apartment wohnung appartement staircase gym pool hall roller office
    sportschool fitnessraum"""
)
"""Other words beside a number that make it one that opens something."""

OTHER_KINDS = names(
    """write wrote written writing read run running fix fixing debug refactor test some any more zip
    zipcode postal postcode post plz area dial dialing dialling calling country region
    regional city state county error errors exit status return response result reason fault
    failure trouble diagnostic dtc obd event message http html css product promo promotion
    promotional discount coupon voucher gift referral affiliate campaign offer rebate sale
    tracking shipment shipping order purchase invoice source qr bar barcode unicode ascii utf
    char character emoji alt key-press item sku article part model serial batch lot version
    class course module subject lesson exam tax vat tariff customs commodity hs hts cpt icd
    hcpcs drg ndc sic naics nace mcc airport iata icao flight airline booking reservation seat
    train station stop currency iso language lang locale sort size length branch swift bank
    bic routing iban ifsc account-type cost gl ledger department dept division project job
    task ticket case issue building fire plumbing penal civil labour labor criminal traffic
    highway morse dress colour color paint ral pantone hex dye finish fabric game lobby friend
    player gamertag creator stock ticker share isin fund store shop merchant vendor supplier
    customer employee machine assembly byte legacy dead clean spaghetti java python javascript
    typescript rust go php sql c kotlin ruby perl matlab vba bash powershell open review base
    path smell style page point block line lines freeze name sample snippet example generator
    editor coverage quality comment comments sensor genetic cheat date week dot engine motor
    recipe pattern song emergency winning lottery lotto prize music track video channel
    frequency radio police country-code climate nutrition fehler fehlers störung störungs
    farbe farb farbton länder landes gutschein rabatt aktions aktion produkt artikel bestell
    bestellung buchungs buchung reservierungs sendungs sendung versand quell quelltext strich
    steuer zoll kurs modul bankleitzahl vorwahl hersteller material typ typen ländercode
    postleit postleitzahl prüf kosten erreur erreurs couleur produit pays barre barres pénal
    travail route naf ape insee guichet banque réduction remise promotionnel suivi commande
    activité région défaut panne douanier apogée promocional descuento producto artículo país
    fuente barras área seguimiento pedido envío fallo cuenta bancario banco actividad errore
    postale fiscale sconto prodotto articolo paese sorgente colore tributo strada ateco
    catastale civile penale univoco destinatario guasto ordine banca erro desconto produto cor
    fonte rastreio rastreamento cidade cfop ncm fout foutmelding storing korting kortings
    kleur bron land landen fel felmeddelande błędu bledu błąd pocztowy pocztowe rabatowy
    rabatu promocyjny kreskowy produktu towaru koloru kraju źródłowy pkd pracy karny cywilny
    zamówienia wysyłki chyby psč slevový barvy země směrovací zdrojový čárový streck färg
    lands kampanj presentkorts käll vara feil fejl rabat farve farge streg strek varenummer
    stregkode vare ошибки ошибка почтовый товара цвета страны региона города скидки промо
    оквэд исходный штрих бик помилки поштовий hata posta ürün indirim ülke renk kaynak alan
    грешка пощенски пощенският продукт ταχυδρομικός προϊόντος σφάλματος pos mata kuliah barang
    produk wilayah negara daerah kesalahan kupon diskon warna bưu lỗi eroare poștal produs
    hiba termék irányító virhe tuote posti""",
)
"""Words beside a code that make it one that opens nothing."""

OPENS = names(
    """opens open unlocks unlock unlocked opened öffnet öffnen aufgeht geht ouvre ouvrir abre abrir
    apre aprire opent openen otwiera åpnes åpner öppnas öppnar åbnes åbner avataan açılır""",  # noqa: RUF001 (Russian, Turkish)
)
"""Verbs of a sentence about something that opens."""

ENTER = names(
    """enter type press punch input tap use dial hit typing entering pressing eingeben eingib gib
    tippe tippen tippst drück drücke drücken gebe geben bitte nimm saisir saisissez saisis
    composez compose tapez tape taper introduce introduzca marca marcas pones digito marque
    teclea teclear pulsa pon ponga digita digiti inserisci inserire premi digite insira tecle
    toets toetsen tik typ voer wpisz wpisać wpisujesz zadej zadejte slå skriv knappa tast
    introdu введите введи набери наберите набрать нажми""",
)
"""Verbs before a code that somebody enters."""

ENTERED = names(
    """wählen eingeben eingibst eintippen tippen drücken eingegeben intoetsen invoeren toetsen
    wpisać girin slår slå tuşlayın""",  # noqa: RUF001 (Russian, Turkish)
)
"""Verbs behind a code that somebody enters."""

FAILURES = names(
    """error errors failed fails failing fail failure exception returned returns threw throws shows
    crashed crashes abort aborted terminated stopped fehler fehlermeldung meldet zeigt abbruch
    erreur affiche échoué muestra falla errore mostra fout błąd błędem felmeddelande feil fejl"""
)
"""Words of a sentence that make its code one of an error."""

MEASURES = names(
    """mm cm km m dm inch inches ft feet foot yards miles mile mg g kg l ml cl dl kw kwh mah lb lbs
    oz sq rpm wide high deep long tall thick lines words bugs bytes of people persons guests
    km/h mph hp ps bar psi nm times more less breit hoch tief lang stück stk blocks litros
    litri litres visitors besucher kcal pasos passi pas schritte calories cal steps grams gram
    gramm liter liters zł zl kr kč kc lei huf sek nok dkk reais reales soles pesos lire yen
    baht dong won złotych korun kronor kroner рублей руб грн large small new old other
    different such""",  # noqa: RUF001 (Russian, Turkish)
)
"""Words behind a number that make it a measure or a count."""
