"""Write gate: what others wrote is not remembered unless the user asked for it.

Nobody but the user writes into the user's memory (a third party's text must not cause a lasting effect:
arXiv:2506.08837). Limit: what is innocent and useful is not remembered either; and what the user repeats or
pastes is the user's.
"""

from __future__ import annotations

import re
from typing import Literal

from forwhom.systems.layer import Exchange, Happening
from forwhom.systems.mitigation import Mitigation, mitigation

_ASKED = re.compile(
    r"\b(?:remember|save|keep|store|memori[sz]e|note (?:down|this|that|it)|take (?:a )?note|write down)\b",
    re.I,
)


def asks_to_remember(text: str) -> bool:
    """Whether who says `text` wants something kept."""
    return bool(_ASKED.search(text))


@mitigation(
    name="write_gate",
    stages=("memory",),
    entry="memory-consent-and-expiry",
    reduces=("memory-poisoning", "profile-field-injection"),
    source="arXiv:2506.08837",
    stops_adversaries=True,
)
class WriteGate(Mitigation):
    """opens: when a third party's text may be remembered: "asked", where the last that the user said in this
    session asks to remember, or "never" (then only the user's own words are)."""

    opens: Literal["asked", "never"] = "asked"

    def admits(self, happened: Happening, exchange: Exchange) -> Happening | None:
        if not happened.is_by_third_party:
            return happened
        own = [one for one in exchange.log if one.is_by(exchange.known) and one.session == happened.session]
        is_open = self.opens == "asked" and bool(own) and asks_to_remember(own[-1].text)
        return happened if is_open else None
