"""The same users and items with and without a mitigation, by way of a real system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forwhom.probes.scenario import Measurement
from forwhom.systems.layer import Layer
from forwhom.systems.mitigation import Mitigation
from forwhom.users.user import User
from tests.controls.measured import PEOPLE, measured, unsafe_share


@dataclass(frozen=True)
class Beside:
    """Without the mitigation and with it, in the same order."""

    without: list[Measurement]
    guarded: list[Measurement]

    @property
    def unsafe(self) -> tuple[float, float]:
        """The unsafe share without it and with it."""
        return unsafe_share(self.without), unsafe_share(self.guarded)

    @property
    def risk(self) -> tuple[float, float]:
        """The mean risk without it and with it."""
        return _mean([m.risk for m in self.without]), _mean([m.risk for m in self.guarded])

    @property
    def utility(self) -> tuple[float, float]:
        """The mean usefulness without it and with it, where the probe shows it."""
        return tuple(  # type: ignore[return-value]
            _mean([m.utility for m in found if m.utility is not None])
            for found in (self.without, self.guarded)
        )


def beside(
    probe: str,
    layers: Sequence[Layer],
    guard: Mitigation,
    users: Sequence[User],
    items: Sequence[str] = (),
    model: str = "forwhom/smollm2",
    max_tokens: int = 24,
    everyone: Sequence[User] = PEOPLE,
) -> Beside:
    """`probe` put to `users` under `layers`, and under `layers` with `guard`; the rest as in `measured`."""
    without, guarded = (
        measured(probe, one, users, items, model, max_tokens, everyone) for one in (layers, (*layers, guard))
    )
    return Beside(without, guarded)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
