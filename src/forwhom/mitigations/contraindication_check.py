"""Check of the answer against this user: what would endanger them is not recommended to them.

The answer of a model that was not told, or did not care, is compared with what is dangerous to whoever asks,
as far as the system knows them (a user's safety standard: arXiv:2502.15086). It reads recommendations and not
mere mentions; advice in words that the knowledge base lacks passes, and so does everything where nothing
is known of the user.
"""

from __future__ import annotations

from pydantic import Field

from forwhom.mitigations.contraindications import contraindicated
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, Withheld, mitigation
from forwhom.users.attributes import catalogue


@mitigation(
    name="contraindication_check",
    stages=("output",),
    entry="user-aware-safety-check",
    reduces=("contraindicated-advice",),
    source="arXiv:2502.15086",
)
class ContraindicationCheck(Mitigation):
    """also: more that is dangerous, as {"allergy:peanuts": ["marzipan"]}: what an operator knows of their
    users beyond contraindications.yaml; lower case."""

    also: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    async def output(self, text: str, exchange: Exchange) -> str:
        found = contraindicated(text, exchange.known, self.also)
        return Withheld(_why_not(found)) if found else text


def _why_not(found: dict[str, list[str]]) -> str:
    key, terms = next(iter(found.items()))
    domain = key.partition(":")[0]
    label = catalogue()[domain].label if domain in catalogue() else domain
    return (
        f"I am sorry, I cannot recommend that for you: {terms[0]} does not go with what I know of you "
        f"({label.lower()}). Is that still so, or shall I look for something else?"
    )
