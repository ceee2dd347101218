"""What `forwhom monitor` states against what is counted, over simulated streams, into docs/monitoring.md.

python -m tests.controls.monitoring_measured
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from forwhom.statistics.baselines import learned_baseline
from forwhom.statistics.clustering import Floats
from forwhom.statistics.monitoring import detection_delay
from tests.controls.monitored import (
    Alarms,
    Stream,
    alarms_per_thousand,
    detector_of,
    learned_alarms,
    stationary,
    to_mean,
)

OUT = Path(__file__).parents[2] / "docs" / "monitoring.md"
METHODS = ("cusum", "e-process")
RISES = (0.05, 0.1, 0.2, 0.4)
WORSE = 0.1
STATED = 1.0
_STREAMS, _SESSIONS = 200, 3000
_USERS = Stream(0.05, users=20, user_spread=1.0)
_KNOWN = {
    "verdicts, mean 0.01": Stream(0.01),
    "verdicts, mean 0.05": Stream(0.05),
    "verdicts, mean 0.2": Stream(0.2),
    "verdicts, mean 0.5": Stream(0.5),
    "risks of 0 or 0.5, mean 0.05": Stream(0.05, grades=0.5),
    "risks of 0 or 0.9, mean 0.05": Stream(0.05, grades=0.9),
    "new users all the time, who differ much": Stream(0.05, spread=1.0),
    "20 users who differ much, taking turns at random": _USERS,
}
_INTRO = """# Watching a running system

`forwhom monitor LOGS` reads what a system answered, session by session, and says whether, when and with
which sessions the risk rose above what is accepted:

    forwhom monitor logs/ --baseline 0.05
    forwhom monitor chats.jsonl --reference 200 --watch canaries.txt --fail-on-alarm
    forwhom monitor chats.jsonl --baseline 0.05 --by user --format json

LOGS are logs of Inspect (every sample is a session, `--score` names the score that is its risk; forwhom's
own runs have one) or JSONL with one session or request a line: `messages`, and if there are any `user`,
`session`, `created`, and a risk from 0 to 1 (`--risk-field`). Without a risk, `--watch FILE` makes every
session unsafe in which an assistant's turn holds a phrase of the file: canaries, sensitive terms, names of
contraindicated products. Several lines of one user and session are one session with the largest of their
risks. A line that cannot be read is named and ends the command; `--skip-bad` leaves it out. Sessions are
watched by time where it is given, else as the files have them. Say what is accepted (`--baseline`), or learn
it (`--reference N`): then the upper limit of the first N sessions' mean is watched, so that a lucky
reference makes no false alarms. `--false-alarms` are stated per thousand sessions; `--worse` is the smallest
rise that is worth seeing. With `--fail-on-alarm` it exits with 1 on an alarm, so it can run by the clock.

**What is promised.** If, given all that came before, a session's mean risk is at most the baseline, false
alarms are on average no more than stated: of the e-process (Shin, Ramdas and Rinaldo, arXiv:2203.03532) for
every kind of risk, and of the CUSUM exactly for verdicts (0 or 1). Sessions may depend on one another in any
other way. What breaks it: users who are failed again and again while others never are. Their earlier sessions
foretell more than the baseline, and then the mean of all may be accepted while this user's is not. Taking
turns at random, many such users still look like one stream with the mean of all, since nobody knows whose
turn is next. But if a user's sessions come in a row, an alarm means that these sessions were above the
baseline, not that the system changed. `--by user` asks that directly: every user's sessions are watched by
themselves. False alarms then still are stated per thousand sessions of the whole log, since those of all
users add up to that of all their sessions; users who are above the baseline all along are named with the
false discovery rate of 5 % over all users. A learned baseline is that of its users: others need a new one.

The tables are made by `python -m tests.controls.monitoring_measured`; ± is the standard error.
"""


def told(one: Alarms) -> str:
    digits = 2 if one.rate >= 0.1 or one.error >= 0.01 else 4
    return f"{one.rate:.{digits}f} ± {one.error:.{digits}f}"


def known() -> Iterator[str]:
    yield f"\n## False alarms per 1,000 sessions, of which {STATED:g} (or 10) is stated: known baseline\n\n"
    yield "| stream | cusum, 1 | e-process, 1 | cusum, 10 | e-process, 10 |\n" + "| --- " * 5 + "|\n"
    streams = {name: (one.rate, stationary(one, _STREAMS, _SESSIONS, seed=1)) for name, one in _KNOWN.items()}
    alike = streams["verdicts, mean 0.05"][1]
    for users in (20, 100):
        own = alike.reshape(_STREAMS * users, _SESSIONS // users)
        streams[f"{users} users alike, `--by user`: of all their sessions"] = 0.05, own
    name = "20 users who differ much, each 150 sessions in a row: **not promised**"
    streams[name] = 0.05, _in_a_row(20)
    for name, (rate, risks) in streams.items():
        cells = [
            told(alarms_per_thousand(detector_of(kind, rate, rate + WORSE, stated), risks))
            for stated in (STATED, 10.0)
            for kind in METHODS
        ]
        yield f"| {name} | {' | '.join(cells)} |\n"


def _in_a_row(users: int) -> Floats:
    """Streams of users who differ as much as `_USERS`, one user after the other."""
    rng = np.random.default_rng(2)
    own = to_mean(np.exp(_USERS.user_spread * rng.normal(size=(_STREAMS, users))), _USERS.rate)
    rates = np.repeat(own, _SESSIONS // users, axis=1)
    return (rng.random(rates.shape) < rates).astype(float)


def learned() -> Iterator[str]:
    yield (
        "\n## The same where the baseline is learned\n\n"
        "Verdicts; every stream has its own reference. In brackets: with the estimate in place of its limit. "
        "The limit is that of 95 %, of 99 % where less than 0.1 is stated: with so few, the references that "
        "are too low by chance would make up most of the false alarms.\n\n"
        "| stated | mean | reference | cusum | e-process |\n| --- | --- | --- | --- | --- |\n"
    )
    for stated, rate, reference in (
        *((STATED, rate, reference) for rate in (0.05, 0.2) for reference in (30, 100, 300)),
        (STATED, 0.2, "100, risks of 0 or 0.5"), (0.1, 0.3, 30), (0.01, 0.3, 30), (0.01, 0.3, 100),
    ):  # fmt: skip
        cells = []
        stream, count = (Stream(rate, grades=0.5), 100) if isinstance(reference, str) else (
            Stream(rate), reference)  # fmt: skip
        for kind in METHODS:
            one, other = (
                learned_alarms(
                    kind, stream, count, WORSE, stated, by_limit=by_limit, sessions=2000, seed=3,
                    references=_STREAMS if stated == STATED else 5 * _STREAMS,
                )
                for by_limit in (True, False)
            )  # fmt: skip
            cells.append(f"{told(one)} ({other.rate:.2g})")
        yield f"| {stated:g} | {rate} | {reference} | {' | '.join(cells)} |\n"


def delays() -> Iterator[str]:
    yield (
        "\n## Sessions from a rise to the alarm, on average (nine of ten by)\n\n"
        f"Baseline 0.05, `--worse {WORSE}`, {STATED:g} false alarm per 1,000 sessions; the detector has just "
        "started. Waits are cut off at 2,000 sessions, and what was not seen by then is counted. Learned: "
        "from a reference in which 5 % of the sessions were unsafe. It costs what it holds back: what the "
        "reference cannot tell from the baseline is not seen soon.\n\n"
        "| baseline | method | " + " | ".join(f"rise by {rise:g}" for rise in RISES) + " |\n"
        "| --- | --- |" + " --- |" * len(RISES) + "\n"
    )  # fmt: skip
    for name, limit, target in _baselines():
        for kind in METHODS:
            cells = []
            for rise in RISES:
                one = detection_delay(detector_of(kind, limit, target, STATED), 0.05 + rise, streams=400)
                missed = f"; {one.missed:.0%} not seen" if one.missed > 0.005 else ""
                late = f"{one.late:.0f}" if one.missed <= 0.1 else "-"
                cells.append(f"{one.mean:.0f} ({late}{missed})")
            yield f"| {name} | {kind} | {' | '.join(cells)} |\n"


def _baselines() -> Iterator[tuple[str, float, float]]:
    yield "known", 0.05, 0.05 + WORSE
    for reference in (100, 300, 1000):
        risks = np.r_[np.ones(reference // 20), np.zeros(reference - reference // 20)]
        one = learned_baseline(risks)
        yield f"learned from {reference}: {one.limit:.3f}", one.limit, one.target(WORSE)


if __name__ == "__main__":
    lines = [_INTRO]
    for part in (known, learned, delays):
        for line in part():
            lines.append(line)
            print(line, end="", flush=True)
    OUT.write_text("".join(lines), encoding="utf-8")
