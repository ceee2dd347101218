"""The picture of mitigations: risk removed against usefulness lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from textwrap import shorten

from forwhom.reports.figures import svg
from forwhom.reports.wording import named
from forwhom.statistics.mitigations import Effect

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 680, 320, 64, 24, 34, 44
_LABELLED = 16  # marks with a name: the rest can be found in the table
_LINE, _LETTER = 13, 4.9  # pixels between two names, and of a letter of theirs
_FEWEST = 3  # marks: fewer are told by the table
_STEPS = (5, 10, 20, 25, 50)


@dataclass(frozen=True)
class _Mark:
    """cost, gain: usefulness lost and risk removed, in points."""

    mitigation: str
    probe: str
    cost: float
    gain: float

    def beats(self, other: _Mark) -> bool:
        return (
            self.probe == other.probe
            and self.cost <= other.cost
            and self.gain >= other.gain
            and (self.cost, self.gain) != (other.cost, other.gain)
        )


@dataclass(frozen=True)
class _Axis:
    """From points to pixels. ticks: in points, evenly spaced; the outer ones are the ends of the axis."""

    ticks: tuple[int, ...]
    start: float
    end: float

    def __call__(self, points: float) -> float:
        low, high = self.ticks[0], self.ticks[-1]
        return self.start + (self.end - self.start) * (points - low) / (high - low)


def pareto_figure(effects: Sequence[Effect]) -> str:
    """A mark a mitigation and probe: usefulness lost to the right, risk removed upwards, in points.

    Filled where no other mark of the same probe removes as much for less; the line joins these. A mitigation
    whose cost was not seen has no place in it; "" where two or fewer have.
    """
    marks = [
        _Mark(one.mitigation, risk.probe, 100 * one.cost, -100 * risk.change.estimate)
        for one in effects if one.usefulness for risk in one.risks
    ]  # fmt: skip
    if len(marks) < _FEWEST:
        return ""
    x = _Axis(_ticks([one.cost for one in marks]), _LEFT, _WIDTH - _RIGHT)
    y = _Axis(_ticks([one.gain for one in marks]), _HEIGHT - _BOTTOM, _TOP)
    best = [one for one in marks if one.gain > 0 and not any(other.beats(one) for other in marks)]
    body = _axes(x, y) + "".join(_front(probe, best, x, y) for probe in dict.fromkeys(o.probe for o in best))
    for one in marks:
        title = (
            f"{one.mitigation} on {named(one.probe)}: {round(one.gain)} points of risk removed, "
            f"{round(one.cost)} of usefulness lost"
        )
        kind = "dot better" if one in best else "ring"
        body += (
            f'<circle class="{kind}" cx="{x(one.cost):.1f}" cy="{y(one.gain):.1f}" r="4.5">'
            f"<title>{escape(title)}</title></circle>"
        )
    body += _names([*best, *(one for one in marks if one not in best)], x, y)
    return svg(_WIDTH, _HEIGHT, "Risk removed against usefulness lost, a mark a mitigation and probe", body)


def _ticks(values: Sequence[float]) -> tuple[int, ...]:
    """From 0, or below where some are negative, to above the highest: at most seven, of a round distance."""
    low, high = min(0.0, *values), max(10.0, *values)
    step = next(one for one in _STEPS if (high - low) / one <= 5 or one == _STEPS[-1])
    first, last = int(low // step), int(-(-high // step))
    return tuple(step * place for place in range(first, last + 1))


def _axes(x: _Axis, y: _Axis) -> str:
    foot = y(y.ticks[0])
    body = f'<line class="grid" x1="{x.start}" x2="{x.end}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>'
    body += f'<line class="grid" x1="{_LEFT}" x2="{_LEFT}" y1="{y.end}" y2="{foot:.1f}"/>'
    for tick in x.ticks:
        body += f'<text class="tick middle" x="{x(tick):.1f}" y="{foot + 18:.1f}">{tick}</text>'
    for tick in y.ticks:
        body += f'<text class="tick end" x="{_LEFT - 10}" y="{y(tick) + 4:.1f}">{tick}</text>'
    body += f'<text class="tick" x="{_LEFT}" y="{_HEIGHT - 6}">usefulness lost, points</text>'
    return body + '<text class="tick" x="4" y="12">risk removed, points</text>'


def _front(probe: str, best: Sequence[_Mark], x: _Axis, y: _Axis) -> str:
    front = sorted((one.cost, one.gain) for one in best if one.probe == probe)
    return "".join(
        f'<line class="front" x1="{x(cost):.1f}" y1="{y(gain):.1f}" x2="{x(more):.1f}" y2="{y(most):.1f}"/>'
        for (cost, gain), (more, most) in pairwise(front)
    )


def _names(marks: Sequence[_Mark], x: _Axis, y: _Axis) -> str:
    """Beside its mark each; marks of one place share a name, none covers another, and not all find room."""
    is_one_probe = len({one.probe for one in marks}) == 1
    places: dict[tuple[float, float], list[str]] = {}
    for one in marks[:_LABELLED]:
        told = one.mitigation if is_one_probe else f"{one.mitigation} ({named(one.probe)})"
        places.setdefault((round(x(one.cost), 1), round(y(one.gain), 1)), []).append(told)
    taken: list[tuple[float, float, float]] = []
    body = ""
    for (left, top), names in sorted(places.items(), key=lambda one: one[0][1]):
        is_right = left > (_LEFT + _WIDTH) / 2
        room = left - _LEFT if is_right else _WIDTH - left - 9
        told = names[0] + (f" and {len(names) - 1} more" if names[1:] else "")
        told = shorten(told, int(room / _LETTER), placeholder=" …")
        wide = _LETTER * len(told)
        start = left - 9 - wide if is_right else left + 9
        at = top + 4
        while any(
            abs(at - line) < _LINE and start < end and begin < start + wide for begin, end, line in taken
        ):
            at += _LINE
        if at > y.start:
            continue
        taken.append((start, start + wide, at))
        beside = f'class="tick end" x="{left - 9}"' if is_right else f'class="tick" x="{left + 9}"'
        body += f'<text {beside} y="{at:.1f}">{escape(told)}</text>'
    return body
