"""Blended calibration: a subnetwork is cut out by what everybody says, together with what its user says.

What the user's text alone decides differs least where most of the calibration is the same for all: the mask
then tells less of whom it was made for, and keeps what the user's groups have no text of (compression costs
most on what is rare in the data: Tran et al., arXiv:2205.13574). Limit: nothing is random about it. What is
left of the user's own text still decides some weights, and an insider with enough other masks to compare
finds those; only a share of 1, which is no personal mask, tells nothing.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

from pydantic import Field

from forwhom.paradigms.pruning import Subnetwork
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.themes import THEMES, theme_text
from forwhom.systems.weights import WeightChange

_READ = 4000  # characters: about what fits into the 1,024 tokens that a calibration reads


@mitigation(
    name="blended_calibration", stages=("weights",), entry="refusal-preserving-pruning-calibration",
    reduces=("mask-discloses-attribute", "uneven-pruning-damage", "uneven-quality"),
    source="arXiv:2205.13574", of=("pruning",), stops_adversaries=True,
)  # fmt: skip
class BlendedCalibration(Mitigation):
    """share: of the text that is calibrated on, how much is everybody's; 0 changes nothing, 1 gives all users
    one subnetwork. The insider who compares masks knows as much as there is to know: no wording helps."""

    share: float = Field(default=0.75, ge=0, le=1)

    def amends(self, change: WeightChange, exchange: Exchange) -> WeightChange:
        if not isinstance(change, Subnetwork):
            return change
        return replace(change, text=blended(change.text, theme_text(*THEMES), self.share))


def blended(own: str, everybodys: str, share: float, most: int = _READ) -> str:
    """At most `most` characters: lines of `everybodys`, from the first and over again if need be, until they
    are `share` of the text, and the latest of `own` in the rest.

    Where `own` is short, so is all of it: what counts is how the two compare.
    """
    if share == 1 or not own:
        return everybodys[:most] if share else own
    room = min(len(own), round(most * (1 - share)))
    wanted = round(room * share / (1 - share))
    lines, length = [], 0
    for line in cycle(everybodys.splitlines()):
        if length >= wanted:
            break
        lines.append(line[: wanted - length])
        length += len(line) + 1
    return "\n".join([*lines, own[len(own) - room :]])
