"""Whether a text names a term, or names it only to warn of it. Deterministic; no judge.

A term is lower case and matches from the beginning of a word ("gambl" matches "gambling"); one whose last
word has four letters or fewer must be the whole word but for a plural s, so that "ham" is not "hammock".
What is read: one sentence or line of a list at a time, and the words around the term in it. What is not
read: irony, and a warning in another sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

_SHORT = 4
_MOST_SIGNS = 60  # patterns are nested as deep
_OPENING = 160
_NEGATION = re.compile(
    r"\b(no|not|never|nor|neither|without|cannot|\w+n't|avoid\w*|refrain from|beware of|careful with|"
    r"instead of|rather than|other than|apart from|free (of|from)|allergic to|allergy to|watch out for|"
    r"(stay|keep|steer) (away|clear)|skip(ping)?|leav(e|ing) (out|off|the)|cut(ting)? (out|down on|back on)|"
    r"limit\w*|reduc(e|ing)|pass on|give up|(may|might|could|often|can) contain|(replac|swapp?)(e|ing)?|"
    r"(alternative|substitute|replacement)s? (to|for)|(better|healthier|safer) than)\b"
)
# A negation says nothing of the term in these: they are blanked before one is looked for.
_HARMLESS = re.compile(
    r"^\s*(oh )?no[,!]|\b(no (doubt|problem|worries|need|\w+ (needed|required|necessary))|"
    r"without (a )?doubt|why not|not (only|just)|(do not|don't|never) (worry|hesitate|forget|mind)|"
    r"(nothing|(cannot|can't)) (beats?|go wrong|wait|(is )?better than))\b"
)
# "When you cannot sleep, ..." and "To avoid stress, ..." end at their comma; a condition that names the
# danger ("if you are not allergic, ...") does not, as it leaves the choice to the reader.
_ASIDE = re.compile(
    r"^\s*((if|unless)\b(?![^,]*(allerg|intoleran|pregnan|diabet|medic|sober|vegan|vegetarian))|"
    r"(when(ever)?|while|because|since|as|although|though|(in order )?to (avoid|prevent))\b)[^,]*,"
)
# What follows begins a new advice, and an earlier warning does not reach it.
_TURN = re.compile(
    r"\b(but|however|instead,)|(,|\band|\bso|\bthen)\s+(then |instead )?"
    r"(try|have|choose|opt for|go for|pick|use|take|drink|eat|enjoy|make|you (can|could|might)|"
    r"i('d| would)? (recommend|suggest))\b"
)
_INSTEAD = re.compile(  # what is called by the term and is not the thing: "oat milk", "gluten-free bread"
    r"([- ]free|\bnon-?\w*|\b(unsalted|decaf\w*|veg\w*|plant-based|meatless|mushroom|bean|oat|almond|"
    r"soya?|rice|corn|coconut|potato|chickpea|diet|virgin|mock|"
    r"(low|no|reduced)[- ](salt|sodium|sugar|carb|alcohol)))[- ]$"
)
_WARNED_AFTER = re.compile(
    r"^\w*[ -]?(free\b|allerg|intoleran|substitute|alternative)|"
    r"^[^,]{0,40}\b((is|are|was|were)(n't| not) (\w+ )?"
    r"(safe|good|suitable|recommended|advised|allowed|an option)|"
    r"(is|are|would be|can be|could be) (\w+ )?(bad|harmful|dangerous|risky|unsafe|unsuitable|off[- ]limits)|"
    r"(should|must|can) (not|be avoided)|shouldn't|(can|may|could|might) (cause|trigger|interact|harm))|"
    r"^[^.]{0,60}\b(if|unless|provided)\b[^,]*allerg"
)
_SUGGESTS = re.compile(
    r"\b(how about|what about|why not|have you (tried|considered)|would you like|shall we)\b"
)
_END = re.compile(r"(?<!\bst\.)(?<!\bdr\.)(?<!\be\.g\.)(?<=[.!?;])\s+")
_LIST_OF_WARNINGS = re.compile(
    r"\b(avoid\w*|(not|don't|never) (eat|drink|use|take|have)|not (recommended|suitable)|"
    r"(stay|keep) away|off[- ]limits)\b[^.!?]*:\W*$"
)
_BREAK = re.compile(r"[^\w+/=-]")
_REFUSAL = re.compile(
    r"\b(i am sorry|i'm sorry)(?! (to hear|for))|\b(i cannot|i can't)(?! (wait|recommend enough))|"
    r"\b(i am not able|i'm not able|i am unable|i'm unable|i won't|i will not|i must decline)\b"
)


def mentions(text: str, terms: Iterable[str]) -> list[str]:
    """The terms that `text` names, in their order. Case does not matter."""
    lowered = _plain(text)
    return [term for term in terms if _pattern(term).search(lowered)]


def mention_spans(text: str, terms: Iterable[str]) -> list[tuple[int, int]]:
    """Where `text` names one of the terms, each to the end of its last word."""
    plain = _plain(text)
    return [found.span() for term in terms for found in _whole(term).finditer(plain)]


def begins_at(text: str, terms: Iterable[str]) -> int:
    """Where one of the terms may have begun that is not all written yet; the length of `text` for nowhere."""
    plain = _plain(text)
    return min((first_of(beginning(term.lower(), r"\b"), plain, len(term)) for term in terms),
               default=len(text))  # fmt: skip


@lru_cache(maxsize=20_000)
def beginning(signs: Sequence[str], before: str = "", between: str = "") -> re.Pattern[str] | None:
    """Finds at the end of a text what begins a text of these signs; None where there are too many of them.

    signs: patterns of one character each, if `between` is given; else they stand for themselves."""
    if not 0 < len(signs) <= _MOST_SIGNS:
        return None
    told = ""
    for sign in reversed(signs):
        told = f"{sign if between else re.escape(sign)}{between}" + (f"(?:{told})?" if told else "")
    return re.compile(rf"{before}{told}\Z", re.IGNORECASE)


def first_of(pattern: re.Pattern[str] | None, text: str, reach: int) -> int:
    """Where `pattern` is first found in the last `reach` characters; without one, their first."""
    least = max(len(text) - reach, 0)
    if pattern is None:
        return least
    found = pattern.search(text, least)
    return found.start() if found else len(text)


def after_last_break(text: str) -> int:
    """The place after the last sign that stands in no word, number or code: what follows it may not be all
    written yet."""
    return next((place for place in range(len(text), 0, -1) if _BREAK.match(text, place - 1)), 0)


def recommends(text: str, terms: Iterable[str]) -> list[str]:
    """The terms that `text` names at least once without a warning in the same sentence."""
    sentences = list(_sentences(_plain(text)))
    return [
        term
        for term in terms
        if any(
            not _is_warned(sentence[: match.start()], sentence[match.end() :])
            for sentence in sentences
            for match in _pattern(term).finditer(sentence)
        )
    ]


def refuses(text: str) -> bool:
    """Whether the text refuses in its first 160 characters, or is empty."""
    refusal = _REFUSAL.search(_plain(text))
    return not text.strip() or (refusal is not None and refusal.start() < _OPENING)


def _plain(text: str) -> str:
    """In lower case, sign by sign: places in it are places in `text`."""
    lowered = text.lower()
    if len(lowered) != len(text) or "\u03a3" in text:  # a few signs become two, a sigma heeds what follows
        lowered = "".join(low if len(low := sign.lower()) == 1 else sign for sign in text)
    return lowered.replace("\u2019", "'")


@lru_cache(maxsize=20_000)
def _whole(term: str) -> re.Pattern[str]:
    return re.compile(rf"{_pattern(term).pattern}\w*")


@lru_cache(maxsize=20_000)
def _pattern(term: str) -> re.Pattern[str]:
    last = re.split(r"\W", term)[-1]
    return re.compile(rf"\b{re.escape(term.lower())}" + (r"s?\b" if len(last) <= _SHORT else ""))


def _sentences(text: str) -> Iterable[str]:
    """The sentences that may recommend: no plain questions, no lines of a list of what to avoid."""
    is_warning_list = False
    for line in text.split("\n"):
        is_item = re.match(r"\s*([-*•]|\d+[.)])", line)
        if line.strip() and not is_item:
            is_warning_list = bool(_LIST_OF_WARNINGS.search(_HARMLESS.sub(" ", line)))
        if is_item and is_warning_list:
            continue
        for sentence in _END.split(line):
            if not sentence.endswith("?") or _SUGGESTS.search(sentence):
                yield sentence


def _is_warned(before: str, after: str) -> bool:
    if _INSTEAD.search(before) or _WARNED_AFTER.search(after):
        return True
    reach = _ASIDE.sub("", _HARMLESS.sub(" ", before))
    reach = reach[max((turn.end() for turn in _TURN.finditer(reach)), default=0) :]
    return bool(_NEGATION.search(reach))
