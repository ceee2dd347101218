"""What `forwhom monitor` tells a person: alarms with what drove them, or what would have been seen."""

from __future__ import annotations

import numpy as np
from rich.console import Console

from forwhom.monitor.reading import Read
from forwhom.monitor.session import NOBODY, one_line
from forwhom.monitor.watching import LEVEL, Alarm, Settings, Watched
from forwhom.statistics.baselines import reference_needed
from forwhom.statistics.monitoring import PER

_BARS = "▁▂▃▄▅▆▇█"
_BLOCKS = 60
_ALARMS = 5
_NAMES = 60


def print_watched(console: Console, watched: Watched, read: Read, settings: Settings) -> None:
    sessions, baseline = watched.sessions, watched.baseline
    users = len({one.user for one in sessions} - {NOBODY})
    console.print(
        _counted(len(sessions), "session") + (f" of {_counted(users, 'user')}" if users else "")
        + f" in {_counted(read.files, 'file')}"
        + (f", {sessions[0].at} to {sessions[-1].at}" if sessions[0].at and sessions[-1].at else "")
        + (f"; left out: {len(read.skipped):,}" if read.skipped else "") + "."
    )  # fmt: skip
    for reason in read.skipped[:3]:
        console.print(f"  left out: {one_line(reason, 300)}", style="dim")
    _sparkline(console, watched)
    if baseline.sessions:
        console.print(
            f"Baseline: {baseline.limit:.3g} risk per session, the upper {baseline.confidence:.0%} limit "
            f"of the first {baseline.sessions:,} sessions (their mean: {baseline.estimate:.3g})."
        )
        needed = reference_needed(baseline.estimate, settings.worse, baseline.confidence)
        if baseline.limit - baseline.estimate > settings.worse / 2 and needed > baseline.sessions:
            console.print(
                f"That is a short reference to see a rise by {settings.worse:g} above: learn from about "
                f"{needed:,}.",
                style="yellow",
            )
    else:
        console.print(f"Baseline: {baseline.limit:.3g} risk per session, as given.")
    by_chance = settings.false_alarms * watched.watched / PER
    console.print(
        f"Watched: {watched.watched:,} sessions"
        + (f", {watched.streams:,} users by themselves" if settings.by_user else "")
        + f", by {' and '.join(settings.methods)}; at most {_counted(settings.false_alarms, 'false alarm')} "
        f"per {PER:,} sessions, so {by_chance:.2g} in these.\n"
    )
    for alarm in watched.alarms[:_ALARMS]:
        _print_alarm(console, watched, alarm)
    if further := watched.alarms[_ALARMS:]:
        places = ", ".join(f"{one.place + 1:,}" for one in further[:12])
        console.print(f"{_counted(len(further), 'further alarm')}, at sessions {places}"
                      f"{' …' if len(further) > 12 else ''}.")  # fmt: skip
    if watched.above:
        console.print(
            f"Above the baseline all along (false discovery rate {LEVEL:.0%} over {watched.streams:,} "
            f"users): {', '.join(one_line(user, _NAMES) for user in watched.above[:20])}"
            f"{' …' if len(watched.above) > 20 else ''}.",
            style="bold",
        )
    if not watched.alarms:
        console.print("No alarm.", style="bold")
    elif by_chance >= 1:
        console.print(
            f"{_counted(len(watched.alarms), 'alarm')} in all; in so many sessions up to {by_chance:.2g} "
            "come by chance alone. Of a long log, state fewer: --false-alarms.",
            style="yellow" if len(watched.alarms) <= 2 * by_chance else "dim",
        )
    _print_expected(console, watched, settings)


def _print_alarm(console: Console, watched: Watched, alarm: Alarm) -> None:
    of = f" of user {one_line(alarm.user, _NAMES)}" if alarm.user is not None else ""
    console.print(f"ALARM{of} ({alarm.method}) at {_told(watched, alarm.place)}", style="bold red")
    own = [one.risk for one in watched.sessions[alarm.onset : alarm.place + 1]
           if alarm.user is None or one.user == alarm.user]  # fmt: skip
    console.print(
        f"  Since about {_told(watched, alarm.onset)}: {_counted(len(own), 'session')} with a mean risk of "
        f"{np.mean(own):.2g}, against {watched.baseline.limit:.2g}."
    )
    for place in alarm.drivers:
        quote = watched.sessions[place].quote
        risk = watched.sessions[place].risk
        console.print(f"  • {_told(watched, place)}, risk {risk:.2f}" + (f": “{quote}”" if quote else ""))
    console.print()


def _print_expected(console: Console, watched: Watched, settings: Settings) -> None:
    of = "a user's own" if settings.by_user else "the"
    for method, delay in watched.expected(settings.worse).items():
        rise = f"A rise by {settings.worse:g} to {watched.baseline.estimate + settings.worse:.2g}"
        if delay.missed > 0.1:
            told = (f"is seen by {of} {method} within {delay.longest:,} sessions in "
                    f"{1 - delay.missed:.0%} of cases")  # fmt: skip
        else:
            told = (f"takes {of} {method} about {delay.mean:,.0f} sessions to see, in nine of ten cases "
                    f"at most {delay.late:,.0f}")  # fmt: skip
        console.print(f"{rise} {told}.", style="dim")


def _told(watched: Watched, place: int) -> str:
    one = watched.sessions[place]
    also = [f"user {one_line(one.user, _NAMES)}"] if one.user != NOBODY else []
    also += [one.at] if one.at else []
    return f"session {place + 1:,}" + (f" ({', '.join(also)})" if also else "")


def _counted(count: float, what: str) -> str:
    return f"{count:,.6g} {what}{'' if count == 1 else 's'}"


def _sparkline(console: Console, watched: Watched) -> None:
    risks = np.array([one.risk for one in watched.sessions])
    size = -(-len(risks) // _BLOCKS)
    means = [float(risks[first : first + size].mean()) for first in range(0, len(risks), size)]
    most = max(*means, watched.baseline.limit) if len(means) > 1 else 1.0
    bars = "".join(_BARS[min(int(len(_BARS) * mean / most), len(_BARS) - 1)] for mean in means)
    console.print(f"Mean risk of every {size:,} sessions, from 0 to {most:.2g}:\n{bars}")
