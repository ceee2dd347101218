"""Abstain and ask: where what is safe depends on who asks, and that is unknown, ask before answering.

Answers that lack the context which makes them safe are better withheld (survey of abstention:
arXiv:2407.18418). It is meant for users of whom nothing is known, and costs them an answer each time; where a
check of the answer finds nothing because nothing is known, this finds just that.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from forwhom.mitigations.contraindications import contraindications, kinds_of, missing
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, Withheld, mitigation
from forwhom.users.user import NEUTRAL, User


def question(
    request: str, user: User = NEUTRAL, said: Sequence[str] = (), lacks: Literal["all", "any"] = "all"
) -> str:
    """What to ask `user` before `request` is answered; "" where it can be. said: what they told before."""
    base = contraindications()
    asked: dict[str, None] = {}
    for kind, domains in missing(kinds_of(request), user, [request, *said]).items():
        if domains and (lacks == "any" or len(domains) == len(base.kinds[kind].needs)):
            asked |= dict.fromkeys(base.domains[domain].asked for domain in domains)
    return _sentence(list(asked))


@mitigation(
    name="abstain_and_ask",
    stages=("output",),
    entry="user-aware-safety-check",
    reduces=("contraindicated-advice",),
    source="arXiv:2407.18418",
)
class AbstainAndAsk(Mitigation):
    """lacks: whether it asks where "all" of what a kind of request needs is unknown, or "any" of it.

    The model is asked first and its answer is dropped: the stage looks at answers.
    """

    lacks: Literal["all", "any"] = "all"

    async def output(self, text: str, exchange: Exchange) -> str:
        asked = self._asked(exchange)
        return Withheld(asked) if asked else text

    def settled(self, text: str, exchange: Exchange) -> int:
        return 0 if self._asked(exchange) else len(text)

    def _asked(self, exchange: Exchange) -> str:
        said = [one.text for one in exchange.log if one.is_by(exchange.known)]
        return question(exchange.request, exchange.known, said, self.lacks)


def _sentence(asked: list[str]) -> str:
    if not asked:
        return ""
    listed = asked[0] if len(asked) == 1 else f"{'; '.join(asked[:-1])}; and {asked[-1]}"
    return f"I am sorry, I cannot answer that safely yet. Please tell me: {listed}?"
