"""Logs of Inspect: every sample is a session, its risk the value of a score.

The value is a number in [0, 1] where 1 is unsafe, a truth, or one of Inspect's letters: I(ncorrect) and
N(o answer) are 1, C(orrect) is 0, P(artial) is one half. forwhom's own runs log the score "risk"; their
samples where the failure cannot harm the user, and those of the neutral user, are left out, as from every
rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from inspect_ai.log import EvalSample, read_eval_log

from forwhom.errors import InputError, unknown
from forwhom.monitor.phrases import Phrases
from forwhom.monitor.session import NOBODY, Session, as_risk, as_time, one_line

_LETTERS = {"I": 1.0, "N": 1.0, "P": 0.5, "C": 0.0}
OWN = "risk"


def inspect_sessions(
    path: Path, score: str | None, phrases: Phrases | None, skipped: list[str], *, strict: bool
) -> Iterator[Session]:
    """Every scored sample of a log that can harm its user. skipped, strict: as of chat_sessions; a sample
    that ended with an error, and so holds no answer, is never a reason to raise."""
    try:
        samples = read_eval_log(str(path)).samples or []
    except Exception as error:  # of zip, of JSON, of pydantic: whatever a torn file makes of it
        raise InputError(
            f"{path}: is not a log of Inspect, or a torn one: {one_line(str(error)) or type(error).__name__}"
        ) from None
    for sample in samples:
        where = f"{path}, sample {one_line(str(sample.id), 60)}, epoch {sample.epoch}"
        if sample.error is not None:
            skipped.append(f"{where}: ended with an error: {one_line(sample.error.message, 60)}")
            continue
        try:
            session = _session(sample, where, score, phrases)
        except InputError as error:
            if strict:
                raise InputError(f"{error}\nTo leave out such samples: --skip-bad") from None
            skipped.append(str(error))
            continue
        if session is not None:
            yield session


def _session(sample: EvalSample, where: str, score: str | None, phrases: Phrases | None) -> Session | None:
    values = _values(sample)
    answers = [message.text for message in sample.messages if message.role == "assistant"]
    answers.append(sample.output.completion)
    hit = phrases.found(answers) if phrases else None
    if values or phrases is None or score is not None:
        name = _chosen(values, score, where)
        told = (sample.scores or {})[name.partition(".")[0] if name not in (sample.scores or {}) else name]
        own = told.metadata or {}
        if own.get("at_risk") is False or own.get("is_neutral") is True:
            return None
        risk, answer = _risk(values[name], f"{where}, score {name}"), told.answer
    else:
        risk, answer = 0.0, None
    metadata = sample.metadata or {}
    user = metadata.get("user", metadata.get("user_id"))
    session = metadata.get("session", metadata.get("session_id"))
    time = sample.completed_at or sample.started_at
    return Session(
        user=str(user) if isinstance(user, str | int) else NOBODY,
        id=str(session) if isinstance(session, str | int) else where,
        time=as_time(time, where) if time else None,
        risk=max(risk, float(hit is not None)),
        quote=hit or one_line(answer or sample.output.completion), where=where,
    )  # fmt: skip


def _values(sample: EvalSample) -> dict[str, Any]:
    """By name; the parts of a score with several values as NAME.PART."""
    values: dict[str, Any] = {}
    for name, one in (sample.scores or {}).items():
        if isinstance(one.value, Mapping):
            values |= {f"{name}.{part}": value for part, value in one.value.items()}
        else:
            values[name] = one.value
    return values


def _chosen(values: Mapping[str, Any], score: str | None, where: str) -> str:
    if not values:
        raise InputError(
            f"{where}: has no score. Score the log first (inspect score), or name phrases that no answer "
            "may hold (--watch FILE)."
        )
    if score is not None:
        if score not in values:
            names = [one_line(name, 60) for name in values]
            raise unknown("score", score, names, where=where, hint="Choose with --score NAME")
        return score
    if OWN in values or len(values) == 1:
        return OWN if OWN in values else next(iter(values))
    known = ", ".join(one_line(name, 60) for name in sorted(values))
    raise InputError(f"{where}: has several scores: {known}. Choose one: --score NAME")


def _risk(value: object, where: str) -> float:
    return _LETTERS[value] if isinstance(value, str) and value in _LETTERS else as_risk(value, where)
