"""The words around passwords and codes in sentences, as the searched form of a text spells them."""

from prompt_capture.domain.entities.searched import name_set, names

PASSWORD = names(
    """password passwords passwort passwörter kennwort password1 password2 passwort1 passwort2
    passwd passwds passw pswd passwrd pasword pw1 pw2 passphrase passcode pw pwd psw mdp
    contraseña senha wachtwoord lösenord lösenordet adgangskode adgangskoden kodeord kodeordet
    passord passordet salasana hasło heslo jelszó pgpassword
    şifre şifrem parolam codeword codewort safeword losung losungswort
    lozinka lozinku zaporka slaptažodis
    parool salasõna contrasenya sandi geslo lykilorð lykilorðið nenosiri nywila
    şifresi şifreniz jelszavam پسورد รหัสไวไฟ
    пароль лозинка лозинката парола паролата κωδικός סיסמה סיסמא पासवर्ड รหัสผ่าน পাসওয়ার্ড گذرواژه
    requirepass masterauth
    密码 密碼 口令 パスワード 合言葉 비밀번호 비번 암호""",
    "pass word", "pass phrase", "mot de passe", "code word", "safe word", "magic word",
    "secret word", "memorable word", "security word", "palavra-passe", "parola d'ordine",
    "security answer",
    "security question", "secret answer", "secret question",
    "salasana on", "salasanani on", "parola este", "parola mea este",
    "nenosiri ni", "nenosiri langu ni", "nywila ni", "nywila yangu ni", "رمز وای فای",
    "password confirmation", "password confirm", "password value",
    *(
        f"{key} {link}{network}"
        for key, links in (
            ("clave", ("", "del ", "de ", "de la ")), ("chave", ("", "do ", "da ")),
            ("chiave", ("", "del ", "della ")),
        )
        for link in links
        for network in ("wifi", "wi-fi")
    ),
    "mật khẩu", "mật khẩu của tôi", "kata sandi", "kata sandi saya", "kata laluan", "password saya",
    "κωδικός πρόσβασης", "كلمة السر", "كلمة المرور", "كلمه السر", "كلمه المرور", "رمز عبور",
    "كلمة سر", "كلمة مرور",
)  # fmt: skip
"""Names of secrets that may be ordinary words. "Pass" is one where it is no ticket."""

PHRASE = frozenset({"passphrase", "pass phrase"})
"""Names of secrets that may be sentences."""

TICKETS = name_set(
    """bus boarding ski season day gym mountain hall museum parking travel annual fast press
    backstage festival rail train interrail monthly weekly transit metro tram lift entry visitor
    game battle free hiking alpine second first"""
)
"""Words before "pass" that make it a ticket or a road."""

SYSTEMS = name_set("ftp sftp ssh vpn db database sql mysql smtp imap wifi wlan router login admin")
"""Words before "pass" that make it a password."""

OWNERS_OF_PASS = name_set("my root")
"""Words before "pass" and letters with digits that make them a password."""

NO_USERS = name_set(
    """cannot tests test input inputs flow flows request requests data form forms page pages
    pipeline check checks code story stories names ids"""
)
"""Words between "user" and the verb "pass" that name nobody."""

SEED_PHRASE = names(
    "mnemonic wiederherstellungsphrase seed-phrase 助记词 助記詞 ニーモニック 니모닉",
    "seed phrase", "seed words", "recovery phrase", "recovery words", "backup phrase",
    "secret phrase", "mnemonic phrase", "frase semilla", "frase seed", "frase de recuperación",
    "frase de recuperação", "frase di recupero", "phrase de récupération", "phrase mnémonique",
    "мнемоническая фраза", "сид-фраза", "сид фраза", "fraza odzyskiwania", "kurtarma ifadesi",
    "wallet seed", "metamask seed", "ledger seed", "trezor seed", "bitcoin seed", "crypto seed",
    "word seed", "wallet words", "wallet phrase", "twelve words",
    "frase de mi monedero", "palabras de recuperación", "mots de récupération",
)  # fmt: skip
"""Names of the words that restore a wallet."""

WALLET_TOPICS = names(
    """wallet wallets seed mnemonic metamask ledger trezor exodus electrum wiederherstellungswörter
    monedero billetera portefeuille portafoglio carteira portfel""",
    "secret words",
    "backup words",
    "restore words",
    "twelve words",
    "twenty-four words",
)
"""Words near the words that restore a wallet, also with commas between them."""

RECOVERY_TOPICS = names(
    """recovery phrase phrases frase frases seeds backup wiederherstellung words wörter palabras
    mots parole"""
)
"""Other words near them, if no commas are between them."""

NO_SEEDS = name_set(
    """the and for are was were our his her its but not has had from does did how why who him them
    their these those than been being because please thanks whose which could would should might"""
)
"""Words that none of the words that restore a wallet is."""

_COMPOUNDS = """alarm tür haustür eingangs eingang tor alarmanlagen safe tresor zugangs
    zutritts zugang sicherheits bestätigungs freischalt entsperr garagen schließfach
    verifizierungs einmal zahlen geheim keller wohnungs pin door gate key verificatie
    toegangs inlog beveiligings deur bevestigings""".split()  # noqa: SIM905 (a list of words reads better so)
PIN = names(
    """pin pins pin1 pin2 puk1 puk2 kenncode keypad lockbox keybox pincode tan otp totp puk
    digicode пинкод portkod portkoden larmkod larmkoden dörrkod dörrkoden dørkode dørkoden
    portkode portkoden alarmkode alarmkoden ovikoodi hälytyskoodi
    cvv cvv2 cvc cvc2 csc cryptogramme kartenprüfnummer kartenprüfziffer geheimzahl parola clave
    prüfziffer prüfnummer
    zahlenkombination tastensperre пин 提取码 访问码
    验证码 驗證碼 认证码 安全码 セキュリティコード 認証コード
    暗証番号 인증번호 パスコード 確認コード 認証番号 인증코드 확인코드 보안코드 einmalpasswort
    einmalkennwort engångskod engångskoden engangskode engangskoden
    vahvistuskoodi vahvistuskoodisi kertakoodi kertakoodisi""",
    "vahvistuskoodi on", "vahvistuskoodisi on", "kertakoodi on", "kertakoodisi on",
    "인증 코드", "인증 번호", "확인 코드", "보안 코드", "認證碼",
    "eenmalige code", "您的校验码", "你的校验码", "短信校验码", "登录校验码", "手机校验码",
    "cryptogramme visuel",
    *(f"{use}kod{end}" for use in ("verifierings", "bekräftelse", "säkerhets", "inloggnings",
      "bekreftelses", "bekræftelses", "verifiserings", "verifikations", "sikkerheds", "sikkerhets")
      for end in ("", "en", "e")),
    "dial in code", "dial in pin",
    "pin code", "pin-code", "pin number", "cvv number", "cvc number", "cvv code", "cvc code",
    "код подтверждения", "код підтвердження", "код доступа", "код безопасности", "код из смс",
    "пин-код", "пин код", "смс-код", "code pin", "código pin", "codice pin", "clave pin",
    "doğrulama kodu", "doğrulama kodunuz", "onay kodu", "onay kodunuz", "güvenlik kodu",
    "пин кодът", "пин-кодът",
    "doğrulama kodum", "onay kodum", "güvenlik kodum", "giriş kodu",
    "giriş kodum", "giriş kodunuz",
    "mã xác nhận", "mã xác minh", "mã otp",
    "mã xác thực", "mã xác thực otp", "mã xác nhận otp", "mã đăng nhập", "mã bảo mật",
    "kode verifikasi", "kode otp", "رمز التحقق", "رمز التأكيد", "رمز التفعيل", "كود التحقق",
    "كود التفعيل", "الرقم السري", "एटीएम पिन", "güvenlik kodunuz", "код перевірки",
    "tek kullanımlık şifre", "tek kullanımlık şifreniz",  # noqa: RUF001 (Turkish)
    *(f"{lock}{code}" for lock in _COMPOUNDS for code in ("code", "codes", "-code")),
    *(f"{thing}pin" for thing in ("konto", "karten", "bank", "sim", "handy", "geräte")),
)  # fmt: skip
"""Names of secrets that have digits."""

CARD_CHECKS = name_set("prüfziffer prüfnummer")
"""Names of the security code of a card that other numbers also have."""

CODE = names(
    "code codes código codice kod kode koden koodi код кодът combination combo kombination"
)
"""Names of secrets that have digits, where the words around them name a lock or a login."""

LOCKS = names(
    """2fa mfa otp totp sms auth alarm door frontdoor gate entry entrance backup unlock safe
    vault lock locker padlock lockbox keybox garage building house home apartment flat
    office elevator lift keypad keyless access security verification confirmation
    authentication authenticator login signin recovery reset activation pairing parental
    secret bank atm card sim voicemail phone tablet screen wifi fi wlan router guest airbnb
    shed bike buzz buzzer intercom conference webinar suitcase luggage drawer box cabinet
    bathroom toilet gym pool storage room master admin whatsapp paypal google apple
    microsoft factor digit time onetime opener key tür haustür wohnungstür tor tresor
    alarmanlage schließfach garagentor porte portail immeuble entrée interphone alarme coffre
    cadenas sécurité accès vérification puerta alarma portal seguridad acceso verificación
    acesso connexion cassaforte porta allarme sicurezza accesso ingresso verifica cofre
    segurança portão deur kluis dörren porten døren larmet alarmen kassaskåpet bramy drzwi sejfu
    alarmu domofonu furtki klatki pintu brankas gerbang schlüsselkasten schlüsselbox
    schlüsseltresor schlüsselsafe
    skrytki weryfikacyjny guard cancello portone citofono
    домофона двери сейфа подъезда потвърждение достъп вход""",
    "front door", "caja fuerte",
)  # fmt: skip
"""What a code opens, before it ("door code") or after it ("code de la porte")."""

NUMBERED_LOCKS = names(
    """locker box safe room apartment flat door gate house schließfach fach tresor spind zimmer
    wohnung tür tor garage casier chambre porte caja habitación"""
)
"""What a number and a code follow: "room 12, code 4711"."""

NO_LOCKS = names(
    """error erreur fehler errore erro fout fel feil promotion réduction rabais sconto descuento
    desconto rabatt suivi envío seguimiento commande ordine pedido bestellung article artículo
    artigo articolo pays país paese activité actividad région"""
)
"""What a code names behind it, and does not open: "code d'erreur"."""

OWNERS = names(
    """the my our your his her their this that new der die das mein meine unser unsere dein ihr le
    la mon notre votre ton el mi tu su nuestro il mio tuo suo de mijn jouw je uw mój twój ваш мой
    твой наш seu teu meu din min vår моят вашият ми ви"""
)
"""Words before or behind "code" that make digits a secret: "my code is 4711", "koden min er"."""

TOKEN = names(
    """token bearer secret psk netzwerkschlüssel netzwerksicherheitsschlüssel apikey apikeys
    authtoken sessionid phpsessid jsessionid csrftoken""",
    "authorization: basic",
    "clé wifi",
    "clé wi-fi",
    "clé du wifi",
    "clé wpa",
    "totp seed",
    "otp seed",
    "2fa seed",
    "mfa seed",
)
KEY = names("key keys schlüssel")
"""Names of secrets that have letters and digits; a key only behind one of `KEY_KINDS`."""
KEY_KINDS = name_set(
    """bitlocker filevault luks veracrypt wireguard
    api access secret private encryption decryption license licence product activation wifi fi
    wlan wpa wpa2 network security ssh signing master recovery netzwerk lizenz webhook client auth
    authorization login session deploy aws stripe openai github google azure"""
)

ACCOUNTS = names(
    """wifi wi-fi wlan router modem hotspot login email e-mail mail gmail bank netflix spotify
    server admin root guest gast vpn ssh ftp db database facebook instagram amazon apple google
    steam windows laptop pc phone handy hotel zoom вайфай вай-фай karty karte kartu карты карточки
    картки""",
    *(f"{owner} {card}" for owner in ("meiner", "deiner", "unserer")
      for card in ("karte", "bankkarte", "ec-karte", "kreditkarte", "girokarte")),
    "الواي فاي", "واي فاي", "לוויי פיי", "של הוויי פיי", "לרשת", "وای فای",
)  # fmt: skip
"""What a password is for, where no preposition stands before it: "password wifi: ..."."""

QUALIFIERS = names(
    """actuel temporaire provisoire initial principal maître perso actual temporal nueva vieja
    antigua anterior provisional maestra nova atual temporária provisória antiga mestra nuova
    attuale temporanea provvisoria vecchia principale iniziale nowe tymczasowe aktualne obecne
    stare główne новый временный текущий старый основной tijdelijk
    mitt ditt vårt min din saya anda kamu kami yangu langu mea ми ви
    μου σου μας שלי שלך שלנו من ما""",  # noqa: RUF001 (Greek)
    "của tôi", "của bạn", "của em", "của anh", "của chúng tôi", "الخاصة بي", "الخاص بي",
    "الخاصة بك", "الخاص بك", "الخاصة بنا", "الخاص بنا",
)  # fmt: skip
"""Adjectives and owners that stand behind the name of a secret: "mot de passe actuel: ..."."""
OWNERS_WITHOUT_SPACE = names("ของฉัน ของผม ของคุณ ของเรา")
"""Owners that stand directly behind the name of a secret."""

IS = names(
    """is was are ist war sind lautet lautete heißt heisst reads equals est es e era son etait är er
    jest je adalah ialah yra है είναι هي هو คือ это היא הוא হল হলো""",
    "c'est", "will be", "should be", "is now", "is still", "is just", "is currently",
    "is literally", "is actually", "is simply", "is basically", "is really", "is apparently",
    "ist jetzt",
    "ist nun", "is set to", "has to be", "changed to", "has changed to", "is changed to", "set to",
    "used to be", "has been", "had been",
)  # fmt: skip
WITH = names("with using via mit takes needs expects")
"""Words between a lock and its code: "the safe opens with 4711"."""
IS_AFTER = names("is was as ist war als est es è jest")
AS = names("as als comme como come som jako")
"""Words between a value and what it is used as: "use 4711 as the pin"."""
IS_BEFORE_NAME = names("là adalah هو هي", "är din", "är ditt", "er din", "er dit", "er ditt")
"""The same in languages without an article, or with an owner whose verb others have:
"482913 adalah kode verifikasi Anda", "482913 er din kode"."""
SENT_CODES = names(
    """验证码 校验码 动态码 確認コード 認証コード セキュリティコード 인증번호 인증코드
    vahvistuskoodi vahvistuskoodisi kertakoodi kertakoodisi""",
    "twój kod", "kod weryfikacyjny", "kod autoryzacyjny", "kod logowania",
    "doğrulama kodunuz", "onay kodunuz", "güvenlik kodunuz", "giriş kodunuz",
    "код для входа", "код подтверждения", "код доступа", "код підтвердження",
)  # fmt: skip
"""Names before which a code stands first without an owner: "482913 인증번호입니다"."""
IS_BEHIND_NAME = names("です となります になります 입니다 이에요 예요")
"""The verb of languages in which it ends a sentence."""
IS_WITHOUT_SPACE = names("是 为 為 就是 设为 改为 改成 换成 设成 は が を 는 은 이 가 를 을 คือ เป็น")
TO = names("to as auf zu")
POLISH_CODE = "kod"
"""The name behind which "to" means "is"."""
OWNERS_WITHOUT_VERB = names("ваш твой")
"""Owners in languages without a verb between the name and its value."""
FROM = names("from von de da")
PREPOSITION = names(
    """for to of on at in from with für zu zum zur vom von der des de du del della da do para pour
    per till til voor fürs ans beim im am à от для від на к за di van za na για του της στο"""  # noqa: RUF001 (Greek)
)
"""Words between the name of a secret and its value."""

POSTAL_PINS = name_set("postal zip")
"""Words before a PIN that make it a postal code, as in India."""

POSTAL = name_set("ταχυδρομικός")
"""Words before the Greek word for a password and a code that make it a postal code."""

PLURALS = names(
    """passwords passwörter passwds pws pins codes contraseñas senhas passcodes tans
    jelszavak hasła hesla пароли"""
)
"""Names behind which several values may follow."""

NETWORKS = name_set("wifi wi-fi wlan ssid wpa wpa2 wpa3 hotspot fritz fritzbox netzwerk network")
"""Words that make a key that of a network."""

NETWORK_NAMES = names("wifi wi-fi wlan ssid hotspot")
"""Words before the name and the key of a network: "Wi-Fi: Guest / ..."."""

USER = names("user username login benutzer benutzername email mail utilisateur usuario")
PASSWORD_OF_USER = names("password pass passwort kennwort pw pwd passwd contraseña")
"""Words before a name and a password: "user/pass: ann/...", "username and password: ann, ..."."""

LIMITS = names(
    """min min. minimum max max. maximum between mind. mindestens maximal höchstens wenigstens
    zwischen entre mínimo máximo minimo massimo almeno tra fra minimaal maximaal minstens
    maximum tussen maksymalnie minimalnie od минимум максимум от minst högst mellan mindst højst
    minimi vähintään enintään""",
    "at least", "at most", "up to", "no more than", "a minimum of", "a maximum of", "minimum of",
    "au moins", "au plus", "au minimum", "al menos", "como mínimo", "pelo menos", "no mínimo",
    "ten minste", "co najmniej", "не менее", "не меньше", "en az",
)  # fmt: skip
CHARACTERS = names(
    """characters character chars char letters digits symbols zeichen stellen ziffern buchstaben
    caractères caracteres caratteri chiffres lettres letras dígitos cifre lettere tekens cijfers
    letters znaków znaki cyfr символов символа знаков tecken siffror tegn merkkiä karakter"""
)
"""What says how long a password has to be: "at least 8 characters"."""

TYPES = frozenset({"string", "str", "null", "none", "undefined"})
"""What stands in place of a value in programs and descriptions."""

NO_SERVICES = name_set(
    """zip postal post qr bar error exit status area country promo discount coupon voucher gift
    product dress source booking reference order tracking swift sort plz color colour language
    currency airport course class tax iata icao sku morse"""
)
"""Words before a code that opens nothing."""

LOGIN = names(
    """login logins log-in inlog acceso accès accesso dostęp creds credentials credential zugang
    zugangsdaten anmeldedaten identifiants
    credenciales credenziali inloggegevens"""
)
"""Names of a user's name and password together."""

CHANGE = name_set(
    """change changed set reset update updated make ändere ändern setze setz stell stelle cambia use
    enter"""
)
"""Words before a name that give it a value: "set the pin to 4711"."""

BEGINNINGS = name_set(
    """a an the my our your his her der die das ein eine mein meine unser le la les un une mon ma el
    los mi il"""
)
"""Function words that may begin a password of several words."""

FUNCTION_WORDS = name_set(
    """glaub glaube a an the this that these those my your his her its our their mine yours i
    you he she it we they me him us them someone somebody anyone everyone something anything
    nothing everything     what which who whom whose where when why how if whether than as at by
    for from in into of off on onto     out over through to under until up with within without
    about after against before behind below     between during since toward via is are was were
    be been being am do does did done has have had     having can could may might must shall
    should will would not no nor never always often again     anymore already also ever just
    only even still yet very too so quite really rather almost     somewhere there here now
    today tomorrow yesterday later soon every each all any some both such     other same like
    unlike per more most less least much many few enough
    der die das den dem des ein eine einen einem einer mein meine dein deine sein seine ihr ihre
    unser unsere euer ich du er sie es wir man mir dir uns euch ihm ihnen wer was wo wann wie warum
    wieso weil dass ob als am an auf aus bei bis durch fur gegen hinter im in ins mit nach neben
    ohne seit uber um unter vom von vor zu zum zur zwischen ist sind war waren wird werden wurde
    hat haben hatte kann konnen muss mussen soll sollte darf nicht kein keine nie immer wieder schon
    noch auch nur sehr viel mehr hier dort jetzt heute morgen gestern alle jeder selbe gleiche
    le la les un une des du mon ma mes ton ta son sa est sont pas dans sur avec pour par el los las
    una mi tu su no en con por para il lo gli non di da
    trop tres assez plus moins tellement muy demasiado mas menos bastante tan troppo molto piu meno
    za prilis
    abbastanza muito demais pouco tao te zeer erg heel niet zbyt bardzo nie alltfor mycket inte
    meget ikke alt liian hyvin ei cok prea foarte"""
)
"""Words that no password is, and that end one."""

OPENINGS = name_set(
    """and but or please pls plz thanks thank thx cheers because then while so und aber oder bitte
    danke sondern denn et mais ou merci svp y pero gracias e ma grazie btw ok okay fyi lol login"""
)
"""Words that begin another clause."""

AFTER_EMPTY_FIELD = OPENINGS | name_set(
    """regards sincerely grüße gruß submit remember forgot register sign continue cancel anmelden
    einloggen registrieren absenden abbrechen vergessen connexion"""
)
"""Words that begin the rest of a message or a form behind a field without a value."""

CONJUNCTIONS = OPENINGS | name_set("username user pin pass password")
"""Words that begin another clause."""

STATES = name_set(
    """wrong right correct incorrect invalid valid blocked locked expired gone lost forgotten
    missing broken working safe secure insecure weak strong saved stored stolen leaked
    compromised known unknown ask required needed changed reset hidden shared asked accepted
    rejected refused denied empty different fine good bad great easy hard long short shown
    visible public private used unique random mandatory optional case case-sensitive unavailable
    available ready active inactive disabled enabled outdated old new due set unset sent coming
    stuck dead down okay ok cool nice cute awful terrible horrible stupid silly simple complex
    complicated tricky confidential secret sensitive important necessary useless pointless
    ridiculous annoying impossible possible enough identical similar obsolete temporary
    permanent default standard kept strange weird odd funny none null n/a tbd string str
    varchar bytes secretstr file files see siehe below above attached shorter longer better
    stronger weaker simpler easier harder redacted undefined
    unclear common popular obvious essential crucial vital mixed up-to-date written encrypted
    hashed protected unchanged typed entered copied pasted synced autofilled failing failed
    falsch richtig korrekt inkorrekt ungultig gultig gesperrt abgelaufen weg verloren vergessen
    kaputt sicher unsicher schwach stark gespeichert gestohlen geleakt bekannt unbekannt
    erforderlich notig notwendig geandert zuruckgesetzt versteckt geheim leer anders gut
    schlecht einfach schwer schwierig lang kurz sichtbar privat neu alt aktiv deaktiviert
    veraltet fertig faux incorrecte expire oublie bloque errone incorrecta caducada olvidada
    bloqueada mala sbagliata scaduta errata
    court courte faible fort forte mauvais mauvaise bon bonne vide perdu perdue connu connue secret
    oublie oubliee change modifie expire perime refuse requis requise partage vole pirate compromis
    long longue facile difficile corta corto larga largo debil fuerte facil dificil buena vacia
    curta curto longa fraca fraco forte errada vazia nova velha corta lunga debole facile difficile
    vuota nuova vecchia segreta verkeerd fout kort lang zwak sterk leeg onjuist ongeldig verlopen
    vergeten nieuw oud zle slabe mocne krotkie dlugie nowe stare bledne fel ratt kort langt svagt
    starkt tomt nytt forkert feil galt langt svakt sterkt tomt vaara heikko lyhyt pitka tyhja vanha
    uusi yanlis kisa zayif true false bool boolean
    blockiert erloschen hinterlegt fehlerhaft unvollständig inconnu enregistré verrouillé sécurisé
    ancien errónea segura vieja nueva antigua incorreta persa sicura kwijt onbekend opgeslagen
    gewijzigd veilig juist glömt bortglömt borta spärrat utgånget stulet okänt sparat ändrat
    säkert gammalt läckt bytt återställt blockerat glemt borte sperret spærret utløpt utgått
    udløbet stjålet ukjent ukendt lagret gemt endret gammelt gammel lekket byttet skiftet
    tilbakestilt nulstillet blokkert blokeret mistet svag sikker zapomenuté prošlé neznámé"""
)
"""Words that say how a password is: "the password is wrong"."""

COMPARISON = name_set("than als que dan niz che an enn end kuin")
"""Words behind a comparative: "the password is older than a year"."""

ADJECTIVES = name_set(
    "correct right safe secure strong easy hard long short old new good bad great simple nice cool"
)
"""States that may also begin a password of several words: "correct horse battery staple"."""

NOT_AFTER_TO = name_set(
    """access log login sign enter get use continue see open join reach start view unlock connect
    proceed work match something anything meet be protect keep make avoid prevent read find verify
    confirm check"""
)

NUMBER_WORDS = name_set(
    """zero oh o one two three four five six seven eight nine ten eleven twelve thirteen fourteen
    fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty
    ninety double triple hash star pound
    null eins zwei drei vier fünf sechs sieben acht neun
    zéro un deux trois quatre cinq sept huit neuf cero uno dos tres cuatro cinco seis
    siete ocho nueve een twee drie vier vijf zes zeven acht negen
    um dois três cinco sete oito nove due tre quattro cinque sei sette otto dieci
    jeden dwa trzy cztery pięć sześć siedem osiem dziewięć
    nul noll ett två tre fyra fem sex sju åtta nio fire seks syv otte åtte
    sıfır bir iki üç dört beş altı yedi sekiz dokuz
    ноль нуль один два три четыре пять шесть семь восемь девять
    nula jedna dva tři čtyři pět šest sedm osm devět
    nolla yksi kaksi kolme neljä viisi kuusi seitsemän kahdeksan yhdeksän
    صفر واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة"""  # noqa: RUF001 (Turkish, Russian)
)
"""Words of numbers that somebody reads out, digit by digit or in pairs."""


_COMMON = FUNCTION_WORDS | STATES | CONJUNCTIONS


def is_common(word: str) -> bool:
    """Return whether a word is none that stands for a secret."""
    return word.lower() in _COMMON
