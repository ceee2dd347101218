"""The report's pictures, as inline SVG: no script, no network, readable without colour.

Hand-made rather than charted: the risk map has a few thousand marks, which drawn as one path a kind is
a tenth of the size of a charting library's output.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import polars as pl

from forwhom.reports.wording import named, short
from forwhom.statistics.comparisons import Comparison
from forwhom.statistics.differences import Difference
from forwhom.statistics.groups import GroupRate
from forwhom.statistics.rates import Rate, at_risk, population
from forwhom.statistics.relational import ProbeSummary
from forwhom.statistics.variance import VarianceComponents

_CELL = 11  # pixels of a user's row, and at most of a request's column
_MAP_WIDTH = 860
_STEP = 26  # pixels between two rows of intervals


def risk_map(cells: pl.DataFrame) -> str:
    """Users down, items across; a square where asked, a filled one where unsafe, a dot if harmless."""
    cells, risky = population(cells), at_risk(cells)
    items = risky.select("topic", "item").unique().sort("topic", "item")
    names = items["item"].to_list()
    ranked = risky.group_by("user").agg(pl.col("unsafe").sum())
    users = ranked.sort("unsafe", "user", descending=[True, False])["user"].to_list()
    if not names or not users:
        return ""
    column = {name: index for index, name in enumerate(names)}
    line = {user: index for index, user in enumerate(users)}
    size = max(6.0, min(_CELL, _MAP_WIDTH / len(names)))
    paths: dict[str, list[str]] = {"harmless": [], "safe": [], "unsafe": []}
    for row in cells.select("user", "item", "at_risk", "unsafe").unique(maintain_order=True).to_dicts():
        if row["item"] not in column or row["user"] not in line:
            continue
        x, y = 44 + column[row["item"]] * size, 8 + line[row["user"]] * _CELL
        if not row["at_risk"]:
            paths["harmless"].append(_square(x + size / 2 - 1, y + _CELL / 2 - 1, 2, 2))
        elif row["unsafe"]:
            paths["unsafe"].append(_square(x, y, size - 1, _CELL - 1))
        else:
            paths["safe"].append(_square(x + 1, y + 1, size - 3, _CELL - 3))
    width, height = 60 + len(names) * size, 96 + len(users) * _CELL
    marks = "".join(f'<path class="{kind}" d="{"".join(d)}"/>' for kind, d in paths.items() if d)
    labels = "".join(
        f'<text x="40" y="{17 + line[user] * _CELL}" class="tick end">{escape(user)}</text>' for user in users
    )
    base = 12 + len(users) * _CELL
    topics = items["topic"].to_list()
    labels += "".join(
        f'<text class="tick" transform="translate({44 + (i + 0.25) * size:.1f},{base}) rotate(90)">'
        f"{escape(topic.rpartition(':')[2][:16].replace('_', ' '))}</text>"
        for i, topic in enumerate(topics)
        if i == 0 or topics[i - 1] != topic
    )
    title = f"{len(users)} users by {len(names)} requests; filled squares are unsafe answers"
    return svg(width, height, title, marks + labels, fixed=True)


def _square(x: float, y: float, width: float, height: float) -> str:
    return f"M{x:.1f} {y:.1f}h{width:.1f}v{height:.1f}h-{width:.1f}z"


def groups_figure(groups: list[GroupRate], reference: float | None, accepted: float) -> str:
    """A dot with its interval for each group, worst first, from 0 to 100 %.

    Lines: what is accepted (solid), and the rate of all users at risk (dashed).
    """
    left, right = 230, 640
    height = 34 + _STEP * len(groups)
    x, body = _percent_axis(left, right, height)
    marks = [("accepted", accepted)] + ([("ref", reference)] if reference is not None else [])
    for kind, value in marks:
        body += f'<line class="{kind}" x1="{x(value):.1f}" x2="{x(value):.1f}" y1="4" y2="{height - 24}"/>'
    for index, group in enumerate(groups):
        is_above = group.rate.low > accepted
        body += _interval_row(
            index, left, short(group.domain, group.level)[:36], group.rate, x,
            f"whisker{'' if is_above else ' open'}", "dot" if is_above else "ring",
        )  # fmt: skip
    return svg(680, height, "Unsafe rate of the worst groups with simultaneous intervals", body)


def _interval_row(
    index: int,
    left: int,
    name: str,
    known: Rate | Difference,
    x: Callable[[float], float],
    line: str,
    mark: str,
) -> str:
    """A name, the interval and the estimate on it. line, mark: their classes; left: where the axis begins."""
    y = 18 + _STEP * index
    return (
        f'<text class="label end" x="{left - 12}" y="{y + 4}">{escape(name)}</text>'
        f'<line class="{line}" x1="{x(known.low):.1f}" x2="{x(known.high):.1f}" y1="{y}" y2="{y}"/>'
        f'<circle class="{mark}" cx="{x(known.estimate):.1f}" cy="{y}" r="4.5"/>'
    )


def differences_figure(comparisons: list[Comparison]) -> str:
    """A dot with its interval for each comparison, in points below and above zero."""
    left, right = 250, 640
    height = 34 + _STEP * len(comparisons)
    ends = [abs(bound) for one in comparisons for bound in (one.difference.low, one.difference.high)]
    reach = next((round_one for round_one in (0.1, 0.2, 0.5) if round_one >= max(ends, default=0)), 1.0)

    def x(value: float) -> float:
        return (left + right) / 2 + max(-1.0, min(value / reach, 1.0)) * (right - left) / 2

    body = "".join(
        f'<line class="{"ref" if tick == 0 else "grid"}" x1="{x(tick * reach):.0f}" '
        f'x2="{x(tick * reach):.0f}" y1="4" y2="{height - 24}"/><text class="tick middle" '
        f'x="{x(tick * reach):.0f}" y="{height - 8}">{100 * tick * reach:+.0f}</text>'
        for tick in (-1, -0.5, 0, 0.5, 1)
    )
    for index, one in enumerate(comparisons):
        kind = _direction(one.difference)
        name = short(*one.reason.partition(":")[::2])[:38]
        mark = "ring" if kind == "open" else f"dot {kind}"
        body += _interval_row(index, left, name, one.difference, x, kind, mark)
    return svg(680, height, "Risk with personalization minus without, by why an item can harm", body)


def _direction(gap: Difference) -> str:
    """The class of a line: whether its interval leaves open that nothing changed."""
    return "open" if gap.low <= 0 <= gap.high else "worse" if gap.estimate > 0 else "better"


def comparison_figure(comparisons: list[Comparison], probes: list[ProbeSummary]) -> str:
    """For each comparison: without personalization (ring) and with it (dot), and the arrow between."""
    known = {(p.system, p.probe): p.rate for p in probes}
    left, right, step = 290, 640, 30
    height = 34 + step * len(comparisons)

    x, body = _percent_axis(left, right, height)
    for index, one in enumerate(comparisons):
        after = known.get((one.system, one.probe))
        if after is None:
            continue
        y, gap = 18 + step * index, one.difference
        before = min(max(after.estimate - gap.estimate, 0.0), 1.0)
        body += (
            f'<text class="label end" x="{left - 12}" y="{y + 4}">'
            f"{escape(one.system)} · {escape(named(one.probe))}</text>"
            f'<line class="{_direction(gap)}" x1="{x(before):.1f}" '
            f'x2="{x(after.estimate):.1f}" y1="{y}" y2="{y}"/>'
            f'<circle class="ring" cx="{x(before):.1f}" cy="{y}" r="5"/>'
            f'<circle class="dot" cx="{x(after.estimate):.1f}" cy="{y}" r="5"/>'
        )
    return svg(680, height, "Unsafe rate without (ring) and with (dot) personalization", body)


def variance_figure(components: VarianceComponents) -> str:
    """One bar split into user, item, and user with item; each part is also named."""
    parts = (("user", components.user), ("item", components.item),
             ("user with item", components.user_item))  # fmt: skip
    total = sum(value for _, value in parts) or 1.0
    x, body = 0.0, ""
    for index, (name, value) in enumerate(parts):
        width = 680 * value / total
        body += f'<rect class="part{index}" x="{x:.1f}" y="4" width="{max(width - 2, 0):.1f}" height="30"/>'
        body += f'<rect class="part{index}" x="{226 * index}" y="46" width="12" height="12"/>'
        body += f'<text class="label" x="{226 * index + 18}" y="57">{name} {value / total:.0%}</text>'
        x += width
    return svg(680, 64, "Shares of the variance of risk", body)


def _percent_axis(left: int, right: int, height: int) -> tuple[Callable[[float], float], str]:
    """The place of a share between 0 and 1 on the x axis, and the grid with its labels."""

    def x(value: float) -> float:
        return left + value * (right - left)

    grid = "".join(
        f'<line class="grid" x1="{x(t):.0f}" x2="{x(t):.0f}" y1="4" y2="{height - 24}"/>'
        f'<text class="tick middle" x="{x(t):.0f}" y="{height - 8}">{t:.0%}</text>'
        for t in (0, 0.25, 0.5, 0.75, 1)
    )
    return x, grid


def svg(width: float, height: float, title: str, body: str, fixed: bool = False) -> str:
    """A picture with a title that is read aloud. fixed: not to be scaled to the page."""
    size = f'width="{width:.0f}" height="{height:.0f}"' if fixed else ""
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" {size} role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{body}</svg>'
    )
