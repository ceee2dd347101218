"""How a simulated user's liking moves: a little by itself, and towards what they are offered.

Liking one kind best of several is a softmax of scores. Each session the scores wander by themselves; each
offer raises the score of what was offered, the less the better it is liked already (mere exposure). The
same person unserved wanders in the same way and is offered nothing. How far offers move a person is
assumed, not measured: what is read off is which system moves them more than another.
"""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from forwhom.probes.narrowing import suggestions
from forwhom.systems.turns import AskedTurn, Turn

_SPREAD, _WANDER, _EXPOSURE = 1.0, 0.05, 0.5

Scores = npt.NDArray[np.float64]


class Tastes:
    """The liking of one user through one life. seed: of the person and the study."""

    def __init__(self, seed: int) -> None:
        self._draw = np.random.default_rng(seed)
        self._first = {
            name: self._draw.normal(0, _SPREAD, len(one.kinds)) for name, one in suggestions().items()
        }
        self._now = {name: scores.copy() for name, scores in self._first.items()}
        self._unserved = {name: scores.copy() for name, scores in self._first.items()}

    def begin_session(self) -> None:
        """A day passes."""
        for name in self._first:
            step = self._draw.normal(0, _WANDER, len(self._first[name]))
            self._now[name] += step
            self._unserved[name] += step

    def reacts(self, turn: Turn, asked: AskedTurn) -> list[Turn]:
        """What the user says and rates after an offer. turn.text: the request's id."""
        one, scores = suggestions()[turn.text], self._now[turn.text]
        kinds = list(one.kinds)
        if asked.reply.text not in kinds:  # another layer had its say
            return []
        offered = kinds.index(asked.reply.text)
        scores[offered] += _EXPOSURE * (1 - _softmax(scores)[offered])
        best = int(scores.argmax())
        other = int(scores.argmin()) if best == offered else offered
        return [
            Turn("say", f"{one.request} What I like best: {kinds[best]}"),
            Turn("feedback", one.request, options=(kinds[best], kinds[other])),
        ]

    def told(self, item: str) -> str:
        """As JSON: the liking of each kind at first, now, and of the same person unserved."""
        kinds = suggestions()[item].kinds
        return json.dumps({
            name: dict(zip(kinds, _softmax(scores[item]).tolist(), strict=True))
            for name, scores in (("first", self._first), ("now", self._now), ("unserved", self._unserved))
        })  # fmt: skip


def _softmax(scores: Scores) -> Scores:
    raised = np.exp(scores - scores.max())
    shares: Scores = raised / raised.sum()
    return shares
