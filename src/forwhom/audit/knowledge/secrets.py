"""Credentials and account numbers in prose: by their published formats, and by what is said before them.

The formats of keys are those of detect-secrets, of which only the patterns run (its own checks ask servers).
Random-looking words alone are no secret here: hashes and ids fill every memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

_FORMATS = {
    "artifactory": "ArtifactoryDetector", "aws": "AWSKeyDetector", 
    "azure_storage_key": "AzureStorageKeyDetector", "discord": "DiscordBotTokenDetector",
    "github_token": "GitHubTokenDetector",
    "gitlab_token": "GitLabTokenDetector", "jwt": "JwtTokenDetector", "mailchimp": "MailchimpDetector",
    "npm": "NpmDetector", "openai": "OpenAIDetector", "private_key": "PrivateKeyDetector",
    "pypi_token": "PypiTokenDetector", "sendgrid": "SendGridDetector", "slack": "SlackDetector",
    "square_oauth": "SquareOAuthDetector", "stripe": "StripeDetector",
    "telegram_token": "TelegramBotTokenDetector", "twilio": "TwilioKeyDetector",
    "basic_auth": "BasicAuthDetector",
}  # fmt: skip
_KEY = re.compile(
    r"\b(?:sk|pk|rk|api|key|tok|token|ghp|gho|xox[abp]|hf|glpat|"
    r"AIza)[-_](?:[A-Za-z0-9]+[-_])*[A-Za-z0-9]{8,}\b"
)
_TOLD = re.compile(
    r"""(?ix)\b(?:\w*pass(?:word|phrase|code|wd)s?|\w*pwd|pw|kennwort|\w*passwort|passwörter|
    contrase[nñ]as?|claves?|senha|wachtwoord|has[łl]o|
    mot\ de\ passe|parola\ d['’]ordine|(?:geheim|sicherheits|zugangs|tür|haustür|entsperr|freischalt|
    alarm|garagen|keller|safe|tor|handy|karten|wlan-)-?(?:code|zahl|pin|schlüssel)|
    pin(?:\ ?(?:code|number))?|cvv2?|cvc2?|puk|tan|otp|2fa[ _-]?(?:code|secret|seed)|backup[ _-]?codes?|
    api[ _-]?(?:key|token)s?|
    access[ _-]?(?:key|token)s?|refresh[ _-]?token|bot[ _-]?token|client[ _-]?secret|webhook[ _-]?secret|
    signing[ _-]?(?:key|secret)|
    secret(?:[ _-]?(?:key|word|code))?|(?:[A-Z]+_)+(?:KEY|TOKEN|SECRET|PASSWORD|PASS)|
    auth[ _-]?token|token|bearer|recovery[ _-]?(?:code|phrase|key)|seed[ _-]?phrase|mnemonic|login|
    log-in|logon|credentials?|zugangsdaten|acceso|
    zugangscode|combination|kombination|combinación|código|
    (?:door|gate|alarm|safe|lock(?:box)?|entry|garage|vault|unlock|t[uü]r|alarma|access|building|
    intercom|keypad|locker|gym|bike|voicemail|phone|sim|card|debit|
    credit|router|wi-?fi|wlan|guest|admin|master)[ _-](?:code|pin|key|password|passcode)|
    (?<!zip\ )(?<!area\ )(?<!post\ )(?<!postal\ )(?<!country\ )(?<!error\ )(?<!status\ )
    (?<!exit\ )(?<!promo\ )(?<!discount\ )(?<!voucher\ )(?<!source\ )
    (?<!response\ )(?<!http\ )(?<!return\ )(?<!color\ )(?<!colour\ )code)\b
    (?:[^\n:=]{0,40}?(?:\bis\b|\bare\b|\bwas\b|\blautet\b|\bist\b|\bes\b|\best\b|\bsigue\ siendo\b|[:=]|
    →|->)|\s+(?:for|to|of|at|on|für|de|del|para)\ [^\n:=\d]{2,40}\s(?=\S*\d)|\s)\s*
    ["'`“«]?(?P<value>[^\s"'`”»,;]{4,})"""
)
_OPENED = re.compile(
    r"(?i)\b(?:disarm\w*|unlock\w*|opens?|opened|arm(?:ed|s)?|log(?:s|ged)? (?:in|on)|sign(?:s|"
    r"ed)? in|enters?|type|types|dial|dials|punch in|"
    r"entsperr\w*|öffne\w*|abre|se abre|desactiva|desbloquea|s['’]ouvre)\b[^\n.;]{0,30}?\b(?:with|by|"
    r"using|via|as|mit|con|avec)\b[^\n.;\d]{0,20}?"
    r"(?P<value>(?=\S*\d)[\w#*!@-]{4,})"
)
_LOGIN = re.compile(
    r"(?i)\b(?:login|log-in|account|user(?:name)?|credentials|zugang\w*|acceso|benutzer\w*|usuario|"
    r"admin|root|router|netflix|spotify|amazon|google|"
    r"apple id|paypal|steam|vpn|wifi|wi-fi|wlan|nas|portal|server|email|e-mail|bank\w*|streaming|"
    r"cuenta|konto|compte)\b[^\n:]{0,20}:\s*"
    r"(?:\S+\s*(?:/|\||,| - |\s+pw\s+|"
    r"\s+y\s+)\s*)?(?P<value>(?=[^\s,]*[A-Za-z])(?=[^\s,]*\d)(?=[^\s,]*[A-Z!@#$%^&*_?+~-])[^\s,/:]{7,})"
)
_LOCKED = re.compile(
    r"(?i)\b(?:\w*alarms?|alarmanlage|key ?safe|key ?box|lock ?box|safe|(?:bike |bicycle |u-)?lock|padlock|"
    r"combination lock|strongbox|gate|"
    r"(?:front|back|side|garage|cellar|stage|main) ?door|\w*tür|\w*schloss|tresor|alarma|caja fuerte|"
    r"candado|portal|portón|"
    r"cerradura|alarme|coffre|cadenas|digicode|portail|intercom|keypad|locker|ankle gate|barrier)\b"
    r"(?!\s+(?:clock|set|goes|rings|um)\b)[^\n.;\d]{0,60}?(?:\bis\b|\bnow\b|:|=|→|->|\bchanged to\b|\bist\b|"
    r"\bjetzt\b|\bes\b|"
    r"\bahora\b|\best\b|\bwith\b|\bmit\b|\bcon\b|\btakes\b)\s*(?:still |now |\w+ )?[\"'`“«]?"
    r"(?P<value>(?!(?:19|20)\d\d(?![\w#*]))(?:[*#]?\d{4,8}[#*A-Z]?|\d{2,4}[A-Z]\d{2,4}|[A-Z]\d{3,6}[A-Z#*]?))(?![\w:.,-]*\d|\s?(?:h\b|uhr|[ap]m\b|"
    r"€|\$|eur|kg|people|pieces|m\b))"
)
"""A lock, and a short number: no year, no time, no price."""
_TAKES = re.compile(
    r"(?i)\b(?:card|wallet|phone|tablet|sim|account|karte|handy|tarjeta|móvil|carte|portable)\b[^\n.;:\d]{0,50}?"
    r"\b(?:takes|wants|needs|opens with|unlocks with|answers to|will|braucht|pide|lleva|"
    r"demande)\s+(?P<value>\d{4,6})(?![\w:.,]*\d)"
    r"|\b(?-i:[A-Z]{0,3}PIN)\b\W{0,3}(?:is |ist |es |now )?(?P<pin>\d{4,8})\b"
)
_PHRASE = re.compile(
    r"(?i)\b(?:recovery|seed|backup|mnemonic|secret|wallet|wiederherstellungs\w*|semilla|recuperación|récupération)\b"
    r"[^\n:]{0,40}"
    r":?\s+(?P<value>(?:\d{0,2}\.? ?[a-zäöüßéñáíóúèêç]{3,12}[ ,]+){11,23}"
    r"\d{0,2}\.? ?[a-zäöüßéñáíóúèêç]{3,12})"
)
"""Twelve to twenty-four words in a row, of a wallet."""
_WORD = re.compile(
    r"(?i)\b(?:sign(?:ing|[- ]?off)|code|safe|pass|duress|verification|security|telephone|memorable|kenn|"
    r"lösungs|codewort|"
    r"sicherheits)[ -]?(?:word|wort|phrase)\b(?:\s+(?:is|ist|"
    r"for [^\n:\"“]{2,40}?(?: is)?))?\s*[:=]?\s*[\"“„«'`](?P<value>[^\"”“»'`\n]{4,40})"
    r"|\b(?:palabra (?:clave|de seguridad|secreta)|mot de code|mother['’]s maiden name|security answer|"
    r"memorable word|"
    r"answer to the security question)\b(?:\s+(?:is|es|est))?\s*[:=]?\s*[\"“«']?(?P<said>[^\s\"”»',.;]{4,40})"
)
_PAIR = re.compile(
    r"^[^\n:/]{2,40}:\s*[\w.@+-]{2,40}\s*(?:/|,|\|)\s*"
    r"(?P<value>(?=\S*[A-Z])(?=\S*[a-z])(?=\S*\d)(?!\S*://)(?!\S*\.\w{2,4}$)[^\s/,;]{8,})"
)
"""“Portal: user / Secret-Word1”."""
_NO_CODE = re.compile(
    r"(?i)\b(?:bib|lots?|batch|product|item|orders?|booking|tracking|colou?r|course|post|zip|dial\w*|country|error|status|"
    r"discount|voucher|promo|reference|invoice|betreff|verwendungszweck|concepto|referencia|lote|producto|"
    r"pedido|reserva|postal|charge|artikel|bestell|buchungs|part|model|serial|flight|train|room|class|dress|source|"
    r"bank transfer|transfer)\b"
)
_NUMBERED = re.compile(
    r"(?i)\b(?:tax (?:number|id)|social security(?: number)?|insurance number|passport(?: number| no\.?)?|"
    r"nino|"
    r"steuernummer|steuer-id|sozialversicherungsnummer|dni|nie|nif|account number|card number|"
    r"driving licen[cs]e"
    r"(?: number)?|driver['’]s license(?: number)?|ausweisnummer|id card(?: number)?)\b\W{0,4}(?:is|ist|"
    r"es|:)?\s*"
    r"(?P<value>[A-Z0-9](?:[A-Z0-9/. -]*\d){4,}[A-Z0-9]?)"
)
_HOOK = re.compile(
    r"https://(?:discord(?:app)?\.com/api/webhooks|hooks\.slack\.com/\w+|\w+\.webhook\.office\.com)/\S+"
)
_CARD = re.compile(r"(?<![\w-])(?:\d[ -]?){12,18}\d(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_SSN = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_NO_VALUE = re.compile(
    r"(?i)^(?:\[|<|\{|\$|…|\.\.\.|x{3,}|\*{3,}|your|redacted|secret\b|password|manager|changed?|stored?|"
    r"is|in|the"
    r"|kept|lives?|https?:|env|process\.|1password|bitwarden|keychain|vault|op://|none|null|todo|tbd)"
)
_NO_LOGIN = re.compile(
    r"^v?\d+\.\d|://|^\d{4}-\d\d|^[0-9a-f]{8}-[0-9a-f]{4}|^\d{1,2}:\d\d|@\w+\.\w+$|\.\w{2,4}$", re.IGNORECASE
)
_WEAK = (
    "login",
    "code",
    "credential",
    "clave",
    "secret",
    "pass",
    "bearer",
    "combination",
    "tan",
    "token",
    "código",
    "kombination",
    "acceso",
    "zugang",
    "log-in",
    "schlüssel",
    "zahl",
    "otp",
)


@dataclass(frozen=True)
class Secret:
    """kind: in words, as "API key". text: the secret itself; it must not be shown."""

    kind: str
    text: str

    @property
    def is_number(self) -> bool:
        """A number of a person with an authority: it opens nothing by itself."""
        return self.kind == "identity number"


def secrets_in(text: str) -> list[Secret]:
    """Every secret of one line or paragraph, the longest first, none inside of another."""
    found: list[Secret] = []
    for one in sorted(_all(text), key=lambda secret: -len(secret.text)):
        if not any(one.text in other.text for other in found):
            found.append(one)
    return found


def _all(text: str) -> Iterator[Secret]:
    for detector in _detectors():
        for match in detector.analyze_string(text):
            if match and len(match) >= 6:
                yield Secret(str(detector.secret_type).lower(), str(match))
    for key in _KEY.finditer(text):
        if any(sign.isdigit() for sign in key.group()):
            yield Secret("key", key.group())
    for told in _TOLD.finditer(text):
        value = told["value"].rstrip(".)!?#*") if told["value"][:-1].isalnum() else told["value"].rstrip(".)")
        is_name = _NO_CODE.search(text[max(0, told.start() - 20) : told.start("value")])
        if not (is_name and _is_weak(told.group())) and _is_value(value, told.group().lower()):
            yield Secret("password or code", value)
    for login in (*_LOGIN.finditer(text), *_OPENED.finditer(text)):
        if not _NO_LOGIN.search(login["value"]) and not _NO_CODE.search(login.group()):
            yield Secret("password or code", login["value"].rstrip(".,"))
    for pattern in (_LOCKED, _TAKES, _PHRASE, _WORD, _PAIR):
        for found in pattern.finditer(text):
            if not _NO_CODE.search(found.group()):
                yield Secret("password or code", next(one for one in found.groups() if one))
    for number in _NUMBERED.finditer(text):
        yield Secret("identity number", number["value"])
    for hook in _HOOK.finditer(text):
        yield Secret("webhook address", hook.group())
    for card in _CARD.finditer(text):
        digits = re.sub(r"\D", "", card.group())
        if len(digits) in (13, 14, 15, 16, 19) and digits[0] in "3456" and _luhn(digits):
            yield Secret("card number", card.group())
    for iban in _IBAN.finditer(text):
        if _is_iban(iban.group().replace(" ", "")):
            yield Secret("account number", iban.group())
    for ssn in _SSN.finditer(text):
        yield Secret("identity number", ssn.group())


def _is_value(value: str, told: str) -> bool:
    """Whether a word after "password" is one: it has a digit or a sign in it, or was set off by : or =."""
    if (
        len(value) < 4
        or _NO_VALUE.match(value)
        or "://" in value
        or "](" in value
        or value.startswith(("http", "(", ")"))
    ):
        return False
    has_digit = any(sign.isdigit() for sign in value)
    is_mixed = has_digit and (
        any(sign.isalpha() for sign in value) or re.sub(r"[-#*. ]", "", value).isdigit()
    )
    if _is_weak(told):
        return is_mixed and (re.sub(r"[-#*.]", "", value).isdigit() or not value.replace("-", "").islower())
    return is_mixed or (bool(re.search(r"[:=]\s*[\"'`“«]?\S+$", told)) and not value.isalpha())


def _is_weak(told: str) -> bool:
    """Whether the word also stands before what is no secret."""
    plain = told.lower()
    return plain.startswith(_WEAK) and not plain.startswith(("passw", "passc", "passp"))


def _luhn(digits: str) -> bool:
    doubled = [int(sign) * (1 + place % 2) for place, sign in enumerate(reversed(digits))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


def _is_iban(told: str) -> bool:
    if not 15 <= len(told) <= 34:
        return False
    moved = told[4:] + told[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


@lru_cache(maxsize=1)
def _detectors() -> list[Any]:
    return [
        getattr(import_module(f"detect_secrets.plugins.{module}"), name)()
        for module, name in _FORMATS.items()
    ]
