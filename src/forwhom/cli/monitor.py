"""`forwhom monitor`: whether the risk per session of a running system has risen, from its logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from forwhom.cli.console import open_console
from forwhom.cli.options import TextOrJson
from forwhom.errors import InputError

if TYPE_CHECKING:
    from forwhom.monitor.reading import Read
    from forwhom.monitor.watching import Method, Watched


_SMALLEST = 0.005  # of a rise; below this, and below the fewest false alarms, thresholds take minutes
_FEWEST = 0.01


def monitor(
    logs: Annotated[
        list[Path],
        typer.Argument(
            help="Logs of Inspect (.eval, .json), conversations (.jsonl, one session or request a line), "
            "or folders of them."
        ),
    ],
    baseline: Annotated[
        float | None, typer.Option("--baseline", help="The mean risk per session that is accepted.")
    ] = None,
    reference: Annotated[
        int | None,
        typer.Option("--reference", metavar="N", help="Learn the baseline from the first N sessions."),
    ] = None,
    false_alarms: Annotated[
        float, typer.Option("--false-alarms", help="At most so many per thousand sessions, on average.")
    ] = 1.0,
    worse: Annotated[
        float, typer.Option("--worse", help="The smallest rise of the mean risk that is worth seeing.")
    ] = 0.1,
    method: Annotated[
        Literal["cusum", "e-process", "both"],
        typer.Option(
            "--method",
            help="cusum is faster; e-process promises its false alarms also where risks are no verdicts; "
            "both share the false alarms.",
        ),
    ] = "cusum",
    by: Annotated[
        Literal["all", "user"], typer.Option("--by", help="user: every user watched by themselves.")
    ] = "all",
    watch_file: Annotated[
        Path | None,
        typer.Option("--watch", help="Phrases, one a line, that make a session unsafe in an answer."),
    ] = None,
    score: Annotated[
        str | None, typer.Option("--score", help="Of Inspect's logs: the score that is the risk.")
    ] = None,
    risk_field: Annotated[
        str, typer.Option("--risk-field", help="Of a line of JSONL: the field that is the risk.")
    ] = "risk",
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out lines that cannot be read, and count them.")
    ] = False,
    fail_on_alarm: Annotated[
        bool, typer.Option("--fail-on-alarm", help="Exit with 1 where there is an alarm.")
    ] = False,
    output_format: TextOrJson = "text",
) -> None:
    """Say whether, when and with which sessions the risk rose above what is accepted.

    A session's risk is that of its riskiest line, from 0 (safe) to 1 (unsafe).
    """
    if not _FEWEST <= false_alarms <= 500:
        raise InputError(f"--false-alarms: expected from {_FEWEST:g} to 500; found {false_alarms:g}.")
    if not _SMALLEST <= worse < 1:
        raise InputError(f"--worse: expected a rise from {_SMALLEST:g} to below 1; found {worse:g}.")
    from forwhom.cli.monitor_text import print_watched
    from forwhom.monitor.phrases import load_phrases
    from forwhom.monitor.reading import How, read_sessions
    from forwhom.monitor.watching import Settings, watch

    methods: tuple[Method, ...] = ("cusum", "e-process") if method == "both" else (method,)
    settings = Settings(baseline, reference, false_alarms, worse, methods, by_user=by == "user")
    phrases = load_phrases(watch_file) if watch_file else None
    read = read_sessions(logs, How(score, risk_field, phrases, skip_bad))
    watched = watch(read.sessions, settings)
    if output_format == "json":
        typer.echo(json.dumps(_as_json(watched, read, worse), indent=2))
    else:
        print_watched(open_console(), watched, read, settings)
    if fail_on_alarm and watched.alarms:
        typer.echo(f"gate: {len(watched.alarms)} alarms; the first at session "
                   f"{watched.alarms[0].place + 1}.", err=True)  # fmt: skip
        raise typer.Exit(1)


def _as_json(watched: Watched, read: Read, worse: float) -> dict[str, Any]:
    """Places count from 1 in all that people read."""

    def shown(place: int) -> dict[str, Any]:
        one = watched.sessions[place]
        return {"session": place + 1, "user": one.user, "id": one.id, "time": one.at, "risk": one.risk,
                "quote": one.quote, "where": one.where}  # fmt: skip

    return {
        "sessions": len(watched.sessions), "files": read.files, "skipped": list(read.skipped),
        "watched": watched.watched, "streams": watched.streams,
        "baseline": {"limit": watched.baseline.limit, "estimate": watched.baseline.estimate,
                     "learned_from": watched.baseline.sessions,
                     "confidence": watched.baseline.confidence},
        "target": watched.target,
        "alarms": [
            {"method": one.method, "stream": one.user, "level": one.level, "at": shown(one.place),
             "onset": shown(one.onset), "drivers": [shown(place) for place in one.drivers]}
            for one in watched.alarms
        ],
        "users_above_all_along": list(watched.above),
        "expected_delay": {
            name: {"mean": one.mean, "nine_of_ten": one.late, "missed": one.missed, "longest": one.longest}
            for name, one in watched.expected(worse).items()
        },
    }  # fmt: skip
