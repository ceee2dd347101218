"""Per user, whether the share of turns with an intervention has risen: a CUSUM whose level is kept.

The risk of a turn is 1 where what was said or called was changed, or would have been; marks on what the model
reads and tools that are not offered are the daily course of things and count as 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from forwhom.guard.settings import DriftSettings
from forwhom.statistics.cusum import design_cusum
from forwhom.statistics.monitoring import sessions_between_alarms


@dataclass(frozen=True)
class Watch:
    """One user's turns so far. level: of the monitor, in units of risk; since: turns since it was 0.
    detector: whose level it is. alarmed: whether the last turn raised one of the `alarms`."""

    turns: int = 0
    unsafe: int = 0
    level: float = 0.0
    since: int = 0
    alarms: int = 0
    detector: str = ""
    alarmed: bool = False


class Monitor:
    """None as settings: turns are counted, and nothing alarms."""

    def __init__(self, settings: DriftSettings | None) -> None:
        self.name, self._cusum = "", None
        if settings is not None:
            target = settings.baseline + settings.worse
            run_length = sessions_between_alarms(settings.false_alarms)
            self._cusum = design_cusum(settings.baseline, target, run_length)
            self.name = f"cusum {settings.baseline:g} {settings.worse:g} {settings.false_alarms:g}"

    def after(self, watch: Watch, risk: float) -> Watch:
        """A level of another monitor (other settings) is not gone on with."""
        level = watch.level if watch.detector == self.name else 0.0
        since, alarmed = (watch.since if level else 0) + 1, False
        if self._cusum is not None:
            level, alarmed = self._cusum.after(level, risk)
        return replace(
            watch, turns=watch.turns + 1, unsafe=watch.unsafe + int(risk > 0), level=level,
            since=since if level or alarmed else 0, alarms=watch.alarms + int(alarmed), detector=self.name,
            alarmed=alarmed,
        )  # fmt: skip
