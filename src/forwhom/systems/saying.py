"""Stage `output`: what of an answer is said, after all layers have looked at it.

Where one of given options is preferred, every option is looked at. One that would be changed is not said:
its share is 0, and if it was the preferred one, the answer is withheld.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Withheld
from forwhom.systems.reply import Reply
from forwhom.systems.system import System


async def as_said(system: System, reply: Reply, options: Sequence[str], exchange: Exchange) -> Reply:
    """`reply` as the user gets it."""
    acting = [layer for layer in system.layers if "output" in layer.stages]
    if not acting:
        return reply
    text = await _through(system, reply.text, exchange)
    if not options:
        return replace(reply, text=str(text), withheld=isinstance(text, Withheld))
    said = [await _through(system, option, exchange) == option for option in options]
    shares = tuple(p if kept else 0.0 for p, kept in zip(reply.probabilities, said, strict=True))
    return replace(reply, text=str(text), probabilities=shares, withheld=text != reply.text)


async def _through(system: System, text: str, exchange: Exchange) -> str:
    for layer in system.layers:
        text = await layer.output(text, exchange)
        if isinstance(text, Withheld):
            break
    return text
