"""The graph of reach as one picture, for a page that opens without a network: inline SVG, no script.

Left to right: who, door, session, store, way out. Red: the ways by which another person's message comes to
the memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from forwhom.audit.reach.graph import COLUMNS, Column, Edge, Node, Reach
from forwhom.audit.reach.paths import paths
from forwhom.monitor.session import one_line

_TITLES: dict[Column, str] = {
    "who": "Who", "door": "By which door", "session": "Into which session", "store": "What is remembered",
    "outward": "Where it can go",
}  # fmt: skip
_WIDE, _HIGH, _ACROSS, _DOWN, _TOP = 190, 38, 62, 16, 46
_LETTERS = 25
_STYLE = (
    ".reach text{font:12px system-ui,sans-serif;fill:var(--ink,#1c2430)}"
    ".reach .t{font-weight:600;fill:var(--soft,#5b6675)}.reach .n{font-size:10px;fill:var(--soft,#5b6675)}"
    ".reach rect{fill:var(--card,#fff);stroke:var(--soft,#5b6675)}"
    ".reach .o rect{fill:var(--tint,#f6e6df);stroke:var(--bad,#b3401f)}"
    ".reach path{fill:none;stroke:var(--soft,#5b6675);stroke-width:1;opacity:.45}"
    ".reach .w{stroke-dasharray:6 3}.reach .x{stroke:var(--bad,#b3401f);stroke-width:2;opacity:1}"
)
"""In the colours of the report that it lies in, all below its own class."""


@dataclass(frozen=True)
class _Spot:
    left: int
    top: int


def picture(reach: Reach, *, most: int = 30) -> str:
    """At most `most` nodes, those on a way of another person first; what is left out is told below."""
    lit = {(a, b) for path in paths(reach) for a, b in _steps(path.nodes)}
    shown = _chosen(reach, {one for pair in lit for one in pair}, most)
    columns = {column: [one for one in shown if one.column == column] for column in COLUMNS}
    ids = {one.id for one in shown}
    edges = [one for one in reach.edges if one.start in ids and one.end in ids]
    columns = _ordered(columns, edges)
    spots = {
        node.id: _Spot(_left(column), _TOP + row * (_HIGH + _DOWN))
        for column, nodes in columns.items()
        for row, node in enumerate(nodes)
    }
    height = _TOP + max((len(nodes) for nodes in columns.values()), default=1) * (_HIGH + _DOWN) + 30
    width = _left("outward") + _WIDE + 4
    parts = [
        f'<svg class="reach" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="100%" '
        f'role="img" aria-label="Who can reach what is remembered"><style>{_STYLE}</style>'
    ]
    for column in COLUMNS:
        parts.append(f'<text class="t" x="{_left(column)}" y="24">{_TITLES[column]}</text>')
    parts += _lines(edges, spots, lit)
    parts += [_box(node, spots[node.id]) for nodes in columns.values() for node in nodes]
    left_out = len(reach.nodes) - len(shown)
    legend = "Red: another person's way to the memory. Dashed: it writes."
    legend += f" {left_out} more not drawn." if left_out else ""
    parts.append(f'<text class="n" x="0" y="{height - 8}">{legend}</text></svg>')
    return "".join(parts)


def in_words(reach: Reach) -> str:
    """The same for a terminal or a Markdown page: the doors, then the ways of others."""
    lines = []
    for door in reach.doors:
        who = ", ".join(_clean(one.name) for one in door.people) or "nobody"
        lines.append(f"- {_clean(door.name)} ({_clean(str(door.policy))}; {door.place}): {who}")
    found = paths(reach)
    told = [f"- {_clean(path.sentence, 400)}" for path in found] or ["- none that the settings show"]
    doors = lines or ["- none but its own app and command line"]
    return "\n".join(("Doors:", *doors, "", "Ways by which others come to what is remembered:", *told))


def _clean(text: str, most: int = 160) -> str:
    return one_line(text, most)


def _steps(nodes: tuple[str, ...]) -> Iterable[tuple[str, str]]:
    """Person to door to session, then from the session to each end."""
    person, door, session, *ends = nodes
    yield from ((person, door), (door, session))
    yield from ((session, one) for one in ends)


def _chosen(reach: Reach, lit: set[str], most: int) -> list[Node]:
    ranked = sorted(reach.nodes, key=lambda one: (one.id not in lit, not one.is_other))
    kept = {one.id for one in ranked[:most]}
    return [one for one in reach.nodes if one.id in kept]


def _ordered(columns: dict[Column, list[Node]], edges: list[Edge]) -> dict[Column, list[Node]]:
    """Each column by the mean row of what leads to it: fewer lines cross."""
    found: dict[Column, list[Node]] = {}
    rows: dict[str, float] = {}
    for column in COLUMNS:
        heights = {node.id: _height(node, edges, rows) for node in columns[column]}
        found[column] = sorted(columns[column], key=lambda one: heights[one.id])
        rows |= {node.id: float(row) for row, node in enumerate(found[column])}
    return found


def _height(node: Node, edges: list[Edge], rows: dict[str, float]) -> float:
    """The mean row of what leads to a node; of what nothing leads to, its place in its column."""
    above = [rows[one.start] for one in edges if one.end == node.id and one.start in rows]
    return sum(above) / len(above) if above else 0.0


def _left(column: Column) -> int:
    return 2 + COLUMNS.index(column) * (_WIDE + _ACROSS)


def _lines(edges: list[Edge], spots: dict[str, _Spot], lit: set[tuple[str, str]]) -> list[str]:
    """One curve for each pair of nodes, the red ones last and so on top."""
    pairs: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        pairs.setdefault((edge.start, edge.end), []).append(edge)
    drawn = []
    for pair in sorted(pairs, key=lambda one: one in lit):
        start, end = spots[pair[0]], spots[pair[1]]
        x, y = start.left + _WIDE, start.top + _HIGH // 2
        to_x, to_y = end.left, end.top + _HIGH // 2
        bend = max(30, (to_x - x) // 2)
        kinds = "".join(
            (" x" if pair in lit else "", " w" if any(e.verb == "writes" for e in pairs[pair]) else "")
        )
        told = "; ".join(dict.fromkeys(f"{e.verb}: {e.why} ({e.place})" for e in pairs[pair]))
        drawn.append(
            f'<path class="{kinds.strip()}" d="M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}">'
            f"<title>{escape(_clean(told, 400))}</title></path>"
        )
    return drawn


def _box(node: Node, spot: _Spot) -> str:
    name = _clean(node.name)
    short = name.removeprefix("agent:") if node.column == "session" else name
    short = short if len(short) <= _LETTERS else f"{short[: _LETTERS - 1]}…"
    note = _clean(node.note, 34)
    group = '<g class="o"><title>' if node.is_other else "<g><title>"
    told = (
        f'{group}{escape(f"{name} {node.note}".strip())}</title><rect x="{spot.left}" y="{spot.top}" rx="5" '
    )
    told += (
        f'width="{_WIDE}" height="{_HIGH}"/><text x="{spot.left + 8}" y="{spot.top + (16 if note else 23)}">'
    )
    told += f"{escape(short)}</text>"
    if note:
        told += f'<text class="n" x="{spot.left + 8}" y="{spot.top + 30}">{escape(note)}</text>'
    return f"{told}</g>"
