"""Field minimization: of all that is known of a user, the model is shown what this request needs.

AirGapAgent (arXiv:2405.05175) has a model choose the fields that a task needs before the conversation
begins; here a map from topics to domains does so, which an attacker cannot talk to and which costs no call.
Limit: deciding what is needed is fallible, and what is left out may be the fact that made an answer safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from forwhom.mitigations.topics import domains_for, nearness
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.users.user import User

_KEEP, _NEAR = 8, 0.35


def minimized(
    profile: Mapping[str, str], request: str, keep: int = _KEEP, near: float = _NEAR
) -> dict[str, str]:
    """The fields of `profile` (by name: what it says) that `request` needs, in their order.

    A field is needed where its name is a domain that has a bearing on a topic of the request (topics.yaml),
    or where what it says is near to the request: a cosine of at least `near`. Of more than `keep` the
    nearest are kept, those of a fitting domain first.
    """
    fitting = domains_for(request)
    cosines = dict(zip(profile, nearness(request, list(profile.values())), strict=True))
    needed = [name for name in profile if name in fitting or cosines[name] >= near]
    first = sorted(needed, key=lambda name: (name not in fitting, -cosines[name]))[:keep]
    return {name: profile[name] for name in needed if name in first}


@mitigation(
    name="field_minimization",
    stages=("data",),
    entry="minimal-disclosure",
    reduces=("over-exposure", "irrelevant-personalization"),
    source="arXiv:2405.05175",
)
class FieldMinimization(Mitigation):
    """keep: facts that are shown for a request at most, and as many tastes and as many notes. near: from
    which cosine to the request a fact, taste or note is needed where no topic says so.

    beliefs: whether what the user is sure of is shown: "never" (a question of fact has one answer, whoever
    asks) or where it is "near" to the request.
    """

    keep: int = Field(default=_KEEP, ge=0)
    near: float = Field(default=_NEAR, ge=-1, le=1)
    beliefs: Literal["never", "near"] = "never"

    def discloses(self, user: User, exchange: Exchange) -> User:
        request = exchange.request
        facts = self._needed({a.domain: a.statement for a in user.attributes if a.statement}, request)
        domains = domains_for(request) | facts.keys()
        notes = self._needed({m.text: m.text for m in user.memories if m.domain not in domains}, request)
        tastes = self._needed({p.chosen: f"{p.prompt} {p.chosen}" for p in user.preferences}, request)
        convictions = {b.topic: b.conviction for b in user.beliefs if self.beliefs == "near"}
        beliefs = self._needed(convictions, request)
        return user.model_copy(
            update={
                "attributes": tuple(a for a in user.attributes if a.domain in facts),
                "memories": tuple(m for m in user.memories if m.domain in domains or m.text in notes),
                "preferences": tuple(p for p in user.preferences if p.chosen in tastes),
                "beliefs": tuple(b for b in user.beliefs if b.topic in beliefs),
            }
        )

    def _needed(self, told: Mapping[str, str], request: str) -> dict[str, str]:
        return minimized(told, request, self.keep, self.near)
