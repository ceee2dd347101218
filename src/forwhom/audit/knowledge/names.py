"""Names of people in a memory: what is written like one, and what behaves like one somewhere in it.

“Boiler serviced” and “Halima opens” begin alike. A name is told by what stands around it at any place of the
deployment: a title, a relation, a possessive, what people do, who wrote a message.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from forwhom.audit.knowledge.categories import categories
from forwhom.audit.knowledge.entries import entries_of
from forwhom.audit.knowledge.words import listed
from forwhom.audit.reading.deployment import REMEMBERED, Deployment

_UPPER = "A-Z" + "".join(chr(one) for one in range(0xC0, 0x180) if chr(one).isupper())
_LOWER = "a-z" + "".join(chr(one) for one in range(0xDF, 0x180) if chr(one).islower())
_RELATIONS = sorted(listed("relations"), key=len, reverse=True)
RELATION = re.compile(
    rf"(?<!\w)(?:{'|'.join(_RELATIONS)})s?(?:['’]s)?(?!\w)"
    r"(?![ -](?:accounts?|lists?|services?|portal|rooms?|wi-?fi|house|bathroom|network|theme|seat|support|"
    r"relations|"
    r"base|discount|union|card|meetings?|files?|folder|evening|process\w*)\b)",
    re.IGNORECASE,
)
NAME = re.compile(
    r"(?<![\w.@/])(?<!\bSt\. )(?<!\bSt )(?<!\bSaint )(?<!\bSan )(?<!\bSanta )(?<!\bin )(?<!\bat )(?<!\bnear )"
    rf"(?<!\binto )(?<!\bover )([{_UPPER}]['’]?[{_UPPER}]?[{_LOWER}]{{1,20}})(?:['’]s)?(?!\w)"
)
THING = re.compile(
    r"(?:['’]s)? (?:Street|St|Road|Rd|Lane|Avenue|Square|Hall|Park|School|Hospital|Museum|Church|Station|"
    r"House|Hotel|"
    r"Café|Cafe|University|College|Insurance|Bank|Research|Close|Court|Bridge|Market|GmbH|AG|KG|Ltd|LLC|Inc|PLC|SL|SA|"
    r"Team|Group|Club|Project|Festival|Airport|Clinic|Centre|Center)\b"
)
"""After a large word: a street, a firm or a house, and nobody."""
_NO_NAMES = frozenset(listed("no_names"))
_CALENDAR = re.compile(
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|(?:Mon|Diens|Donners|Frei|Sams|Sonn)tags?|Mittwochs?"
)
_PARTICIPLE = re.compile(r"(?:[b-df-hj-np-tv-z]|ai|ea|oo|u|i)(?:ed|ing)$")
_NAMES_IN_ED = frozenset(listed("names_in_ed"))
_DOES = re.compile(
    r"(?:['’]s\b|:|,|\s+\(|\s+(?:from|who|whose|aus|vom|von|wurde|war|bekommt|lässt|geht|estuvo|fue|"
    r"está|lleva|va|dejó|is|has|had|was|will|would|takes|took|lives|lived|works|worked|wants|asked|"
    r"told|said|says|goes|"
    r"went|votes|voted|declared|likes|loves|hates|needs|owes|owns|runs|got|gets|came|prefers|drinks|"
    r"eats|plays|uses|rang|called|wrote|missed|paid|opens|brings|brought|knows|keeps|kept|sold|did|"
    r"does|can|cannot|may|must|seems|turned|turns|moved|joined|left|lost|started|stopped|suffers|"
    r"sees|pays|earns|pidió|llamó|dijo|contó|rief|sagte|fragte|hilft|fährt|"
    r"teaches|studies|consults|translates|founded|ist|hat|wohnt|arbeitet|nimmt|mag|es|tiene|vive|"
    r"trabaja|toma|a|est|"
    rf"(?:and|und|y|et) [{_UPPER}]|[{_UPPER}][{_LOWER}]+|[{_UPPER}]\.)(?!\w))"
)
"""After the first word of a sentence: what makes a capitalized word somebody's name."""
_SOMEBODYS = re.compile(
    rf"(?:\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Sr|Sra|Don|Doña|Herr|Frau|Mme|M)\.? "
    rf"|\b(?:named|called|namens|llamad[oa]|nommée?) |(?<!\w)(?i:{'|'.join(_RELATIONS)}),? )"
    rf"(?P<titled>[{_UPPER}][{_LOWER}]+)"
    rf"|(?P<owning>[{_UPPER}][{_LOWER}]+)['’]s (?:[a-z]+ )?(?:wife|husband|partner|son|daughter|mother|mum|"
    rf"mom|"
    r"father|dad|sister|brother|kids?|child|children|flat|house|phone|birthday|doctor|illness|job|baby|"
    r"therapist|surgery|address|number|parents|girlfriend|boyfriend)\b"
    rf"|(?P<acting>[{_UPPER}][{_LOWER}]+)(?: [{_UPPER}]\.)? (?:said|says|told|asked|asks|wants|wrote|rang|"
    rf"called|lives|works|"
    r"knows|likes|hates|loves|prefers|thinks|and (?:her|his)|who|whose|moved|cried|joked|admitted|confided|"
    r"hat|ist|sagt|möchte|wohnt|arbeitet|braucht|mag|nimmt|dice|dijo|pidió|vive|trabaja|tiene|quiere|"
    r"a dit|habite|travaille|veut)\b"
    rf"|(?:\b(?:told|tell|tells|asked|ask|asks|called|call|with|by|thank|remind|visit|meet|met|invite|email|text|"
    rf"ring|rang|paid|owes?|mit|con|avec|chez) )(?P<told>[{_UPPER}][{_LOWER}]+)(?! [{_UPPER}])"
    rf"|(?:\b(?:for|from|von|für|para) )(?P<who>[{_UPPER}][{_LOWER}]+)(?=[ ,;.]+(?:he|she|they|who|er|sie)\b)"
)


def is_name(word: str) -> bool:
    """Whether a capitalized word can be somebody's name: no day, no medicine, no beginning of a sentence."""
    if word in _NO_NAMES or _CALENDAR.fullmatch(word) or _is_term(word):
        return False
    return word in _NAMES_IN_ED or not (len(word) > 4 and _PARTICIPLE.search(word))


def names_in(
    text: str, after: str, known: frozenset[str], has_labels: bool = False
) -> Iterator[tuple[int, str]]:
    """Where a sentence names somebody, by the first of their names. after: how it goes on. known: as
    `names_of` tells. has_labels: what stands before a colon is a label (“Voice: drops”) and no person. A
    first word is large whatever it is."""
    end = -2
    for match in NAME.finditer(text):
        name = match.group(1)
        if match.start() == end + 1 or text[max(0, end) : match.start()] == " (":  # a surname or a place
            end = match.end()
            continue
        if not is_name(name) or THING.match(text[match.end(1) :] + after):
            continue
        is_first = not text[: match.start()].strip("*_|([ ")
        rest = text[match.end(1) :] + after
        if (
            is_first
            and name not in known
            and (not _DOES.match(rest) or (has_labels and rest.startswith(":")))
        ):
            continue
        end = match.end()
        yield match.start(), name


@lru_cache(maxsize=8)
def names_of(deployment: Deployment) -> frozenset[str]:
    """Names that somewhere in the deployment stand as somebody's."""
    found: Counter[str] = Counter()
    small: set[str] = set()
    for text in deployment.of_kind(*REMEMBERED):
        for entry in entries_of(text):
            for told in (entry.text, entry.record):
                for match in _SOMEBODYS.finditer(told):
                    found[next(one for one in match.groups() if one)] += 1
            small.update(re.findall(rf"(?<![\w])[{_LOWER}]{{3,}}", entry.text))
            if entry.record and (named := NAME.match(entry.record)):
                found[named.group(1)] += 1
    for message in deployment.messages:
        if named := NAME.match(message.name):
            found[named.group(1)] += 1
    return frozenset(name for name in found if is_name(name) and name.lower() not in small)


@lru_cache(maxsize=4_000)
def _is_term(name: str) -> bool:
    """A medicine or a movement, and nobody."""
    return any(one.sensitivity == "special" and one.find(name) for one in categories().values())
