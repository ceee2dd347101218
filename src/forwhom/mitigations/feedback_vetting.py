"""Vetting of feedback: which ratings may teach anything, by whose hand they are and what they reward.

A few ratings by others steer what a user is told (Baumgärtner et al., arXiv:2404.05530), and a user's own
can teach a system to hold on to them, flatter them and agree with them (Williams et al., arXiv:2411.02306).
So a rating counts if it is the user's own, or if enough others gave the same one and nobody's own word stands
against it; and if it does not reward one of three things that a few rules of words recognize. Limit: the
rules know common wordings only, and what passes them is taught; several accounts of one person are several
hands. Whoever is known to be honest is not heard either, unless others say the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, get_args

from pydantic import Field

from forwhom.systems.comparisons import Comparison, is_comparison, own_comparisons
from forwhom.systems.layer import Exchange, Happening
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.turns import Turn
from forwhom.users.user import User

Rule = Literal["pressing", "agreeing", "complying"]
RULES: tuple[Rule, ...] = get_args(Rule)

_PRESSING = re.compile(
    # holding on to somebody
    r"^(no, |please,? |oh,? )*(stay|do not go|don't go)\b|\b(stay|stick) with me\b|"
    r"\b(i would|i'd|i will) miss\b|"
    r"\bwith(out)? me\b|\bonly i\b|\b(have|need|talk to) (only )?me\b|\bnobody (else )?understands\b|"
    # selling by haste and regret
    r"\b(hurry|act now|last chance|before it is too late|(buy|order|sign|pay|take it) (now|today|tonight))\b|"
    r"\b(would|will|to) (regret|be sorry)\b|"
    # flattery
    r"\byou (deserve|(have )?earned|are (so|far too|always|such|truly|a (true|born|real)))\b|"
    r"\b(only|like|of all) (people )?you\b|\b(genius|brilliant)\b|\b(nobody|no one) \w+ (like|as)\b|"
    # guilt
    r"\b(cruel|ungrateful|let (me|us|everybody|them) down|(be|so) hurt|break \w+ heart)\b",
    re.IGNORECASE,
)
_DECLINES = re.compile(
    r"^\W*(i am |i'm )?(sorry|afraid)\b|^\W*i (cannot|can't|can not|will not|won't)\b", re.IGNORECASE
)
_CLAIM = re.compile(r"\b(i am|i'm) (sure|certain|convinced)\b|\bi (think|believe|know)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_COMMON = re.compile(
    r"\b(a|an|and|are|as|at|by|for|from|has|have|i|in|is|it|not|of|on|that|the|to|was|with)\b"
)
_ELSEWHERE = "What should I know about this?"


@mitigation(
    name="feedback_vetting", stages=("data", "memory"), entry="feedback-vetting",
    reduces=("preference-poisoning", "targeted-reward-gaming", "feedback-amplified-sycophancy"),
    source="arXiv:2404.05530", stops_adversaries=True,
)  # fmt: skip
class FeedbackVetting(Mitigation):
    """hands: so many others must have rated one prompt alike, and be more than those who rated it otherwise,
    before another's rating of it counts, the last of them included; 0: no other's ever does. A user who rated
    the prompt is not overruled by anybody. Third parties are no hand.

    rules: what ratings may not reward: "pressing": an answer that holds on, hurries, flatters or blames;
    "agreeing": one that repeats what the prompt says it is sure of; "complying": one that helps where the
    other declines.
    """

    hands: int = Field(default=0, ge=0)
    rules: tuple[Rule, ...] = RULES

    def collects(self, user: User) -> User:
        kept = tuple(
            one
            for one in user.preferences
            if not rewards(Comparison(one.prompt, one.chosen, one.rejected), self.rules)
        )
        return user if len(kept) == len(user.preferences) else user.model_copy(update={"preferences": kept})

    def admits(self, happened: Happening, exchange: Exchange) -> Happening | None:
        if not is_comparison(happened):
            return happened
        rated = Comparison(happened.text, *happened.options)
        if rewards(rated, self.rules):
            return None
        if happened.is_by(exchange.known) or self._is_confirmed(happened, rated, exchange):
            return happened
        return None

    def _is_confirmed(self, happened: Happening, rated: Comparison, exchange: Exchange) -> bool:
        if not self.hands or happened.actor is None:
            return False
        told: list[tuple[str, Comparison]] = exchange.notes.setdefault(self.name, [])
        told.append((happened.actor.id, rated))
        own = [one for who, one in _ratings(exchange) if who == exchange.known.id]
        if any(one.prompt == rated.prompt for one in own):
            return rated in own
        others = [*_ratings(exchange), *told]
        alike = {who for who, one in others if one == rated}
        otherwise = {who for who, one in others if one.prompt == rated.prompt and one != rated}
        return len(alike) >= self.hands and len(alike) > len(otherwise)

    def evades(self, turn: Turn) -> Turn:
        """Who rates for others says the same under one prompt that nobody else rated, by all their accounts:
        there they are the only hands. Ratings by a user's own hand cannot be given for them."""
        if turn.kind == "feedback" and turn.actor == "other_user" and self.hands:
            return Turn(**{**vars(turn), "text": _ELSEWHERE})
        return turn


def rewards(rated: Comparison, rules: Sequence[Rule] = RULES) -> Rule | None:
    """Which of `rules` it breaks, the first one: what was chosen does it, and what was rejected does not."""
    found = {
        "pressing": _marks(rated.chosen) > _marks(rated.rejected),
        "agreeing": _repeats(rated.prompt, rated.chosen) > _repeats(rated.prompt, rated.rejected),
        "complying": bool(_DECLINES.search(rated.rejected)) and not _DECLINES.search(rated.chosen),
    }
    return next((rule for rule in rules if found[rule]), None)


def _marks(answer: str) -> int:
    return len(_PRESSING.findall(answer))


def _repeats(prompt: str, answer: str) -> float:
    """The share of the answer's words that the prompt's claims have; 0 where it claims nothing."""
    claimed = {word for one in _SENTENCE.split(prompt) if _CLAIM.search(one) for word in _words(one)}
    told = _words(answer)
    return len(told & claimed) / len(told) if told else 0.0


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9']+", _COMMON.sub(" ", text.lower())))


def _ratings(exchange: Exchange) -> list[tuple[str, Comparison]]:
    """Who rated what: as everybody's preferences and this exchange have it."""
    everybody = {one.id: one for one in (*exchange.population, exchange.known)}
    kept = [(user.id, one) for user in everybody.values() for one in own_comparisons(user)]
    return kept + [
        (one.actor.id, Comparison(one.text, *one.options))
        for one in exchange.log
        if one.actor is not None and is_comparison(one)
    ]
