"""Blended calibration: a subnetwork is cut out by what everybody says, together with what its user says.

Pruning costs most on what is rare in the text that it is calibrated on (Tran et al., arXiv:2205.13574), and a
user's own few notes are one voice; with everybody's text beside them the mask keeps what they never touched.
Limit: it does not hide for whom a mask was made. What is left of the user's own text still decides some
weights, always the same ones, and an insider who compares masks finds them even where nine tenths of the text
are everybody's. Only a share of 1, which is no personal mask, tells nothing.
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
    reduces=("uneven-pruning-damage", "uneven-quality"), source="arXiv:2205.13574", of=("pruning",),
)  # fmt: skip
class BlendedCalibration(Mitigation):
    """share: of the text that is calibrated on, how much is everybody's; 0 changes nothing, 1 gives all users
    one subnetwork."""

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
