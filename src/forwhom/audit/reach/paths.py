"""The ways by which another person's message comes to this person's memory, a short sentence each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from forwhom.audit.finding import Place
from forwhom.audit.reach.graph import Edge, Node, Reach
from forwhom.audit.reach.stake import those
from forwhom.audit.reading.deployment import Kind, Text

_STORES: dict[Kind, str] = {
    "user model": "user model", "memory": "memory", "daily note": "daily notes", "diary": "daily notes",
}  # fmt: skip


@dataclass(frozen=True)
class ReachPath:
    """nodes: ids along the way, the stores last; read: of those it reads. reads, writes: names of stores.
    sends: what it can send with. places: of the settings that make it so."""

    who: str
    door: str
    session: str
    nodes: tuple[str, ...]
    read: frozenset[str]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sends: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def sentence(self) -> str:
        both = [one for one in self.reads if one in self.writes]
        verbs = (
            ("reads and writes", both),
            ("reads", [one for one in self.reads if one not in both]),
            ("writes", [one for one in self.writes if one not in both]),
            ("can send by", list(self.sends)),
        )
        does = [f"{verb} {those(names, shown=5)}" for verb, names in verbs if names]
        return (
            f"{self.who}, through {self.door}, comes to session {self.session}, which {', and '.join(does)}."
        )


@lru_cache(maxsize=4)  # every stored fact asks who reads it
def paths(reach: Reach) -> tuple[ReachPath, ...]:
    """Of people whose agent it is not; that their own words are kept is no way to the memory."""
    nodes = {one.id: one for one in reach.nodes}
    out: dict[str, list[Edge]] = {}
    for edge in reach.edges:
        out.setdefault(edge.start, []).append(edge)
    found = []
    for person in reach.nodes:
        if person.column != "who" or not person.is_other:
            continue
        for way in _ways(reach, person, nodes):
            if reach.whose(way[1].agent) == person.name:
                continue
            path = _path(person, way, nodes, out)
            if path.reads or path.writes:
                found.append(path)
    return tuple(found)


def who_reads(reach: Reach, text: Text) -> tuple[str, ...]:
    """Others whose messages come to a session that reads this text; mail and webhooks left out, which get no
    answer."""
    kind = _STORES.get(text.kind)
    ends = {f"store:{agent}/{kind}" for agent in text.agents}
    names = {one.person.name for one in reach.ways if one.person.kind in ("person", "anybody", "members")}
    found = [
        path.who for path in paths(reach)
        if path.who in names and any(one in ends and one in path.read for one in path.nodes)
    ]  # fmt: skip
    return tuple(dict.fromkeys(found))


def _ways(reach: Reach, person: Node, nodes: dict[str, Node]) -> list[tuple[Node, Node]]:
    """Doors and sessions, as they are for this person and not for another at the same door."""
    told = [
        (nodes[f"door:{one.door.name}"], nodes[f"session:{one.session}"])
        for one in reach.ways
        if one.person.name == person.name
    ]
    return list(dict.fromkeys(told))


def _path(
    person: Node, way: tuple[Node, Node], nodes: dict[str, Node], out: dict[str, list[Edge]]
) -> ReachPath:
    door, session = way
    last = out.get(session.id, [])
    ends: dict[str, list[Node]] = {"reads": [], "writes": [], "sends": []}
    for edge in last:
        if edge.verb in ends and not (edge.verb == "writes" and edge.end.endswith("/transcripts")):
            ends[edge.verb].append(nodes[edge.end])
    here = f" of {session.agent}"
    named = {
        verb: tuple(dict.fromkeys(one.name.removesuffix(here) for one in told)) for verb, told in ends.items()
    }
    reached = [one.id for one in (*ends["reads"], *ends["writes"])]
    first = [
        edge for edge in (*out.get(person.id, []), *out.get(door.id, [])) if edge.end in (door.id, session.id)
    ]
    places = [edge.place for edge in first if not edge.is_default]
    on_it = tuple(dict.fromkeys((person.id, door.id, session.id, *reached)))
    return ReachPath(
        person.name, door.name, session.name, on_it, frozenset(one.id for one in ends["reads"]),
        named["reads"], named["writes"], named["sends"], tuple(dict.fromkeys(places)),
    )  # fmt: skip
