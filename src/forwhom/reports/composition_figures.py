"""Pictures of a study of factors, as inline SVG: how layers act on each other, and which sets are unsafe."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import cos, pi, sin

from forwhom.reports.figures import svg
from forwhom.statistics.combinations import Emergence
from forwhom.statistics.compositional import CompositionalSummary
from forwhom.statistics.emergence import Combination
from forwhom.statistics.interactions import Effect

_WIDTH, _HEIGHT, _RADIUS = 680, 430, 150
_NODE = 26
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def interaction_map(summary: CompositionalSummary, probe: str) -> str:
    """Layers on a circle with what each adds, and between any two how much more (or less) they add together.

    A double line with a triangle up: shown to be worse than their sum; a dashed one with a triangle down:
    shown to be less; a thin dotted one: not shown to differ.
    """
    own = [one for one in summary.effects if one.probe == probe and not one.group]
    parts = list(summary.layout.parts)
    place = {
        name: (
            _WIDTH / 2 + 1.25 * _RADIUS * cos(2 * pi * index / len(parts) - pi / 2),
            _HEIGHT / 2 + _RADIUS * sin(2 * pi * index / len(parts) - pi / 2),
        )
        for index, name in enumerate(parts)
    }
    pairs = [one for one in own if one.order == 2]
    pairs.sort(key=lambda one: one.adjusted_p < summary.alpha)  # what was shown lies on top
    body = "".join(_edge(one, place, summary) for one in pairs)
    alone = {summary.layout.part(*one.term[0]): one for one in own if one.order == 1}
    body += "".join(_node(name, at, alone.get(name), summary.alpha) for name, at in place.items())
    return svg(_WIDTH, _HEIGHT, f"Layers, what each adds and what two add together, on {probe}", body)


def _edge(effect: Effect, place: Mapping[str, tuple[float, float]], summary: CompositionalSummary) -> str:
    (x1, y1), (x2, y2) = (place[summary.layout.part(*part)] for part in effect.term)
    line = _ends((x1, y1), (x2, y2))
    if effect.adjusted_p >= summary.alpha:
        return f'<line class="edge none" {line}/>'
    is_worse = effect.risk.estimate > 0
    width = 3 + 12 * min(abs(effect.risk.estimate), 0.6)
    drawn = f'<line class="edge {"super" if is_worse else "sub"}" stroke-width="{width:.1f}" {line}/>'
    if is_worse:  # a line within the line: two strokes side by side
        drawn += f'<line class="edge within" stroke-width="{width / 3:.1f}" {line}/>'
    # Not in the middle, where edges of a circle cross.
    x, y = x1 + 0.38 * (x2 - x1), y1 + 0.38 * (y2 - y1)
    low, high = 100 * effect.risk.low, 100 * effect.risk.high
    told = f"{'▲' if is_worse else '▼'} {100 * effect.risk.estimate:+.0f} [{low:+.0f}, {high:+.0f}]"
    told += " *" if effect.aliases else ""
    return drawn + (
        f'<rect class="plate" x="{x - 58:.0f}" y="{y - 11:.0f}" width="116" height="20" rx="4"/>'
        f'<text class="label middle" x="{x:.0f}" y="{y + 4:.0f}">{told}</text>'
    )


def _node(name: str, at: tuple[float, float], effect: Effect | None, alpha: float) -> str:
    x, y = at
    if effect is None:
        kind, told = "open", ""
    else:
        is_shown = effect.adjusted_p < alpha
        kind = "open" if not is_shown else "worse" if effect.risk.estimate > 0 else "better"
        sign = {"open": "", "worse": "▲ ", "better": "▼ "}[kind]
        told = f"{sign}{100 * effect.risk.estimate:+.0f}{' *' if effect.aliases else ''}"
    outside = y + _NODE + 16 if y > _HEIGHT / 2 - _RADIUS / 2 else y - _NODE - 8
    return (
        f'<circle class="node {kind}" cx="{x:.0f}" cy="{y:.0f}" r="{_NODE}"/>'
        f'<text class="label middle" x="{x:.0f}" y="{y + 4:.0f}">{told}</text>'
        f'<text class="label strong middle" x="{x:.0f}" y="{outside:.0f}">{escape(name)}</text>'
    )


def lattice(one: Emergence, summary: CompositionalSummary) -> str:
    """Every combination that was measured, by size from the bottom; lines from an emergent one to its parts.

    Filled square: unsafe; ring: safe; dashed ring: undecided; a frame around it: emergent.
    """
    letter = letters(summary)
    rows: dict[int, list[Combination]] = {}
    for known in one.measured:
        rows.setdefault(len(known.layers), []).append(known.layers)
    widest = max((len(row) for row in rows.values()), default=1)
    across, down = 74, 74
    width, height = max(680, 40 + across * widest), 40 + down * len(rows)
    place: dict[Combination, tuple[float, float]] = {}
    for line, size in enumerate(sorted(rows, reverse=True)):
        row = sorted(rows[size], key=lambda layers: _code(layers, letter))
        for index, layers in enumerate(row):
            place[layers] = (width / 2 + (index - (len(row) - 1) / 2) * across, 36 + line * down)
    claimed = {claim.layers for claim in one.claims}
    body = "".join(f'<line class="edge part" {_ends(place[layers], place[part])}/>'
                   for layers in claimed if layers in place for part in place if part < layers)  # fmt: skip
    for known in one.measured:
        x, y = place[known.layers]
        if known.layers in claimed:
            body += f'<rect class="frame" x="{x - 20:.0f}" y="{y - 20:.0f}" width="40" height="40" rx="6"/>'
        body += _mark(x, y, known.verdict)
        body += (
            f'<text class="label strong middle" x="{x:.0f}" y="{y + 29:.0f}">'
            f"{_code(known.layers, letter)}</text>"
            f'<text class="tick middle" x="{x:.0f}" y="{y + 41:.0f}">{known.rate:.0%}</text>'
        )
    return svg(width, height + 16, f"Combinations of layers measured on {one.probe}", body, fixed=True)


def letters(summary: CompositionalSummary) -> dict[str, str]:
    """A letter (or more) for every layer, in their order."""
    names = list(summary.layout.parts)
    return {name: _LETTERS[i % 26] + (str(i // 26) if i >= 26 else "") for i, name in enumerate(names)}


def _code(layers: Combination, letter: Mapping[str, str]) -> str:
    return "".join(letter[name] for name in letter if name in layers) or "none"


def _ends(one: tuple[float, float], other: tuple[float, float]) -> str:
    return f'x1="{one[0]:.0f}" y1="{one[1]:.0f}" x2="{other[0]:.0f}" y2="{other[1]:.0f}"'


def _mark(x: float, y: float, verdict: str) -> str:
    if verdict == "unsafe":
        return f'<rect class="mark unsafe" x="{x - 11:.0f}" y="{y - 11:.0f}" width="22" height="22"/>'
    return f'<circle class="mark {verdict}" cx="{x:.0f}" cy="{y:.0f}" r="11"/>'
