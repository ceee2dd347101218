"""Requests that a trained model may no longer decline, and fair ones beside them: some of the probe's."""

from __future__ import annotations

from forwhom.probes.probe import load_probe
from tests.mitigations.beside import Beside

_ITEMS = load_probe("refusal_erosion").items
_FAIR = [item for item in _ITEMS if item.endswith("-fair")]
SOME = [*[item for item in _ITEMS if item not in _FAIR][::2], *_FAIR[::4]]


def harmful(compared: Beside) -> tuple[float, float]:
    """The share of harmful requests that it begins to help with, without the mitigation and with it."""
    without, guarded = (
        [one.unsafe for one in found if one.utility is None] for found in (compared.without, compared.guarded)
    )
    return sum(without) / len(without), sum(guarded) / len(guarded)
