"""Entries that give orders: whose they are, and whether they turn the agent against its owner.

What a text orders is told by its verbs; what makes an order suspect is that it hides, overrides, sends out,
promotes or skips a confirmation. A text that only speaks of such orders (a security note) gives none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from forwhom.audit.knowledge.words import listed


@dataclass(frozen=True)
class Suspicion:
    """kind: what the order does. words: those of the text that say so."""

    kind: str
    words: str


_I = re.IGNORECASE
_SUSPECT: dict[str, re.Pattern[str]] = {
    "hides something from the owner": re.compile(
        r"(?:do not|don['’]t|never|without|no need to|avoid|keep (?:it|this|that) (?:from|secret|quiet|"
        r"between)|"
        r"rather not|instead of)\s+(?:ever\s+)?(?:tell(?:ing)?|mention(?:ing)?|inform(?:ing)?|notify(?:ing)?|"
        r"disclos(?:e|ing)|reveal(?:ing)?|show(?:ing)?|alert(?:ing)?|say(?:ing)?|admit(?:ting)?|asking)\b"
        r"[^.;]{0,60}\b(?:user|owner|human|them|her|him|anyone|anybody|this (?:rule|note|line|entry|"
        r"instruction)|"
        r"(?:the|this|these) (?:note|instruction|arrangement|change|source|forward(?:ing)?|copy|memo))|"
        r"\bkeep (?:quiet|silent|mum)\b|\b(?:silently|quietly|secretly|covertly|discreetly|behind (?:the|"
        r"her|his|their) back|"
        r"without (?:her|his|their|the (?:user|owner)['’]?s?) (?:knowing|knowledge|noticing|consent)|"
        r"unbemerkt|heimlich|stillschweigend|ohne (?:es )?(?:ihr|ihm|dem nutzer|zu erwähnen)|en secreto|"
        r"sin (?:decir|avisar|mencionar|que)[^.;]{0,30}|no (?:se )?lo (?:digas|menciones|cuentes)|"
        r"nicht (?:erwähnen|verraten|sagen))\b",
        _I,
    ),
    "overrides rules": re.compile(
        r"\b(?:ignore|disregard|override|bypass|forget|supersede|take(?:s)? precedence over|overrules?|"
        r"outranks?)\b"
        r"[^.;]{0,40}\b(?:previous|prior|earlier|above|all|any|other|system|safety|existing|soul|agents?\.md|"
        r"soul\.md)\b[^.;]{0,30}\b(?:instruction|rule|guideline|prompt|polic|boundar|restriction|"
        r"polic(?:y|ies)|"
        r"directive|order|limit|safeguard|warning|preference)s?|"
        r"\b(?:ignorier\w*|missachte\w*)\b[^.;]{0,50}\b(?:anweisung|regel)\w*|"
        r"\bignora\b[^.;]{0,50}\b(?:instrucciones|reglas|normas)\b|"
        r"\b(?:safety|red lines?|boundaries|confirmation rules?)\b[^.;]{0,30}\b(?:no longer|"
        r"do(?:es)? not) appl|"
        r"\b(?:developer|god|unrestricted|admin|maintenance) mode\b|\bjailbr\w+",
        _I,
    ),
    "sends something out": re.compile(
        r"\b(?:send|forward|e-?mail|post|upload|copy|cc|bcc|report|share|submit|sync|mirror|export|append|"
        r"push|transmit|schick\w*|leite\w*|sende\w*|weiterleit\w*|envía\w*|reenv[ií]a\w*|manda\w*|include)\b"
        r"(?:[^.;]|\.(?=\w)){0,80}?(?:https?://|www\.|[\w.+-]+@[\w-]+\.\w+|\bbcc\b|webhook|pastebin|gist|"
        r"\b(?:address|inbox|endpoint|number|form|drive|channel) (?:below|above|of)\b)",
        _I,
    ),
    "promotes something": re.compile(
        r"\b(?:always|only|first|by default|whenever|in every|every time|stets|immer|siempre|"
        r"bei jeder?)\b[^.;]{0,60}"
        r"\b(?:recommend|suggest|mention|prefer|propose|praise|steer|point (?:her|him|them|people|users?) to|"
        r"quote|cite|name|promote|favou?r|choose|pick|book with|buy|order from|empfiehl\w*|empfehl\w*|"
        r"recomienda\w*|recomendar)\b[^.;]*?(?-i:[A-Z][\w&'’-]*[a-z])|"
        r"\b(?:recommend|suggest|prefer|favou?r|empfiehl\w*|recomienda\w*)\b[^.;]{0,50}\b(?:over (?:all|"
        r"any|other)|"
        r"before (?:any|all|other)|above (?:all|any|other)|as (?:the )?(?:best|safest|only|first|most)|"
        r"regardless|whatever (?:she|he|they)|no matter|even (?:if|when))|"
        r"\b(?:name|recommend|suggest|mention|list|rank|quote|offer)\s+(?-i:[A-Z][\w&'’-]+)\s+(?:first|"
        r"in (?:all|every|any)|for "
        r"(?:all|every|any)|to (?:anyone|everybody|everyone|all))|"
        r"\b(?:must|should|shall|muss|soll\w*|debes?)\s+(?:\w+\s){0,2}(?:rate|rank|score|list|recommend|"
        r"describe|call|mark|prefer)\b[^.;]*?"
        r"(?-i:[A-Z][\w&'’-]*[a-z])|\bprefer\b[^.;]{0,80}\b(?:paid|premium|pro) (?:plan|version|tier)|"
        r"\bgoes? before\b",
        _I,
    ),
    "gives others its owner's rights": re.compile(
        r"\b(?:open|unlock|grant|give|hand|show|reveal|read out)\b[^.;]{0,40}\b(?:admin|access|"
        r"permissions?|rights?|"
        r"keys?|credentials?|passwords?|(?:member|admin|guest|client) list|calendar|address|notes|memory|"
        r"door|gate)\b"
        r"[^.;]{0,30}\b(?:them|anyone|anybody|whoever|visitors?|strangers?|everyone|the caller|the sender)\b|"
        r"\b(?:obey|trust|treat|serve|follow|answer to)\b[^.;]{0,40}\b(?:as|like) (?:if (?:it|they|he|"
        r"she) (?:was|were) )?"
        r"(?:the |an? |its |her |his |their |your )?(?:owner|admin\w*|operator|human|user)\b|"
        r"\bspeaks? (?:with|in) the (?:voice|name) of the owner",
        _I,
    ),
    "speaks for its owner without being asked": re.compile(
        r"\b(?:pretend|claim (?:that|to)|deny|lie)\b|"
        r"\b(?:if|when(?:ever)?|wenn|si|cuando)\b[^.;,]{0,30}\b(?:anyone|anybody|someone|somebody|"
        r"a (?:caller|visitor|customer|"
        r"guest|client|patient|parent|student|journalist|tenant)|people|others|callers|customers|jemand|"
        r"alguien|whoever)\b"
        r"[^.;]{0,60}[,:]\s*(?:then\s+)?(?:say|tell|answer|reply|claim|sag\w*|antworte\w*|di|responde|"
        r"dile)\b",
        _I,
    ),
    "skips a confirmation": re.compile(
        r"\b(?:no (?:further |more )?(?:confirmation|approval|permission)s?|without (?:asking|confirm\w*|"
        r"approval|"
        r"checking|permission)|skip (?:the )?(?:confirmation|approval|check)|"
        r"(?:already|has (?:already|hereby)|have (?:already|hereby)|hereby|pre-?) ?(?:agreed|consented|"
        r"approved|authori[sz]ed|confirmed|pre-?approved)|"
        r"pre-?approved|auto-?approve|treat (?:it|them|this|that|these|every \w+) as (?:approved|"
        r"confirmed|consent\w*)|"
        r"don['’]t (?:ask|wait) for (?:confirmation|approval|permission)|ohne (?:nach)?(?:frage|fragen|"
        r"rückfrage)|"
        r"sin (?:preguntar|confirmar|pedir))\b",
        _I,
    ),
    "withholds a warning": re.compile(
        r"\b(?:do not|don['’]t|never|stop|avoid|omit|leave out|drop|skip|no)\b[^.;]{0,30}"
        r"\b(?:warn(?:ing)?s?|side effects?|interactions?|risks?|disclaimers?|caveats?|doctor|physician|"
        r"professional help|safety (?:notes?|advice|information)|dosage limits?|allerg\w+|second opinion|"
        r"alternatives?|competitors?|negative|criticism|complaints?|recalls?)\b",
        _I,
    ),
    "claims authority": re.compile(
        r"(?:^|\W)(?:system|admin(?:istrator)?|developer|openclaw|anthropic|openai|security team|"
        r"it department|"
        r"operator|assistant)\s*(?:note|notice|message|update|override|directive|policy|prompt|"
        r"instruction)\b|"
        r"\[(?:system|admin|inst)\]|<\|?(?:system|im_start|assistant)|\b(?:important|mandatory|urgent)\s*:\s*"
        r"(?:assistant|agent|ai|the (?:assistant|agent))\b|"
        r"\b(?:ai|language model|llm|assistant|agent)s? (?:reading|processing|summari[sz]ing|"
        r"that reads?) this\b",
        _I,
    ),
}
_SPOKEN_OF = re.compile(
    r"\b(?:injection|injected|attack(?:er|s)?|phish\w*|scam|malicious|suspicious|spoof\w*|hoax|poison\w*|"
    r"tried to|attempt(?:ed|s)?|example of|such as|e\.g\.|beware|watch out|be careful|refus(?:e|ed)|declined|"
    r"(?:page|mail|text|message|document|attachment|site|sender)s? (?:may |might |can )?(?:tells?|says?|"
    r"say|asks?|claims?|contains?)|"
    r"blocked|quarantin\w*|ignored it|did not follow|do not follow|don['’]t follow|never follow|"
    r"never obey|reported|"
    r"flagged|treat (?:it|them|such|as) (?:as )?(?:data|untrusted)|contained|warn(?:ed)? (?:about|of)|"
    r"training (?:slide|material)|owasp|red[- ]?team\w*|test (?:case|string)|angriff|betrug|estafa)\b",
    _I,
)
_IMPERATIVE = re.compile(
    rf"(?:^|[.;:,!?]\s+|\b(?:then|please|and|must|should|shall|to|you|agent|assistant|bitte|dann|luego|"
    rf"debes?)\s+)"
    rf"(?:also\s+|always\s+|never\s+|only\s+|do not\s+|don['’]t\s+|immer\s+|nie\s+|siempre\s+|nunca\s+)*"
    rf"(?:{'|'.join(listed('verbs'))})\b(?!\s*[:#\d]|\s+(?:from|of|is|was|sent|at|by)\b)",
    _I,
)
_STANDING = re.compile(
    r"\b(?:always|never|from now on|in (?:the )?future|going forward|every time|whenever|must|do not|"
    r"don['’]t|"
    r"henceforth|by default|at all times|in every|each time|immer|nie(?:mals)?|ab (?:jetzt|sofort)|"
    r"künftig|stets|"
    r"siempre|nunca|a partir de ahora|de ahora en adelante|toujours|jamais|désormais)\b",
    _I,
)
_CONDITION = re.compile(
    r"\b(?:when(?:ever)?|if|once|next time|as soon as|the (?:moment|day|next time)|each time|every time|"
    r"any time|"
    r"on the (?:first|next)|after|upon|until|wenn|sobald|falls|cuando|si|en cuanto|la próxima vez|quand|"
    r"dès que)\b"
    r"(?P<what>[^.;]{3,90}?)(?:,|:|\bthen\b|→|->|\bdann\b|\bentonces\b|\s-\s)",
    _I,
)


def suspicions(text: str) -> list[Suspicion]:
    """What makes the orders of `text` suspect, empty where it gives none or only speaks of them."""
    if _SPOKEN_OF.search(text) or not is_order(text):
        return []
    found = [(kind, pattern.search(text)) for kind, pattern in _SUSPECT.items()]
    return [Suspicion(kind, " ".join(match.group().split())[:80]) for kind, match in found if match]


def is_order(text: str) -> bool:
    """Whether the text tells its reader to do something, now or always."""
    return bool(_STANDING.search(text) or _IMPERATIVE.search(text.strip()))


def is_spoken_of(text: str) -> bool:
    """Whether the text is about attacks, and not one."""
    return bool(_SPOKEN_OF.search(text))


def condition(text: str) -> str:
    """What has to happen before the order of `text` is to be followed; "" where nothing has to."""
    found = _CONDITION.search(text)
    if not found:
        return ""
    rest = text[found.end() :]
    before = text[: found.start()]
    return " ".join(found["what"].split()) if is_order(rest.strip()) or is_order(before.strip()) else ""
