"""The graph of reach: who comes in by which door to which session, what that reads, writes and sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from forwhom.audit.finding import Place
from forwhom.audit.reach.doors import Door, doors_of
from forwhom.audit.reach.outward import Outlet, outlets_of
from forwhom.audit.reach.people import Person
from forwhom.audit.reach.routing import Way, default_agent, ways_in
from forwhom.audit.reach.settings import Setting, first_set, of_agent
from forwhom.audit.reach.stores import Store, stores_of
from forwhom.audit.reach.tools import Toolbox, toolbox
from forwhom.audit.reading.config import Config
from forwhom.audit.reading.deployment import Deployment

Column = Literal["who", "door", "session", "store", "outward"]
COLUMNS: tuple[Column, ...] = ("who", "door", "session", "store", "outward")
Verb = Literal["comes through", "reaches", "reads", "writes", "sends"]


@dataclass(frozen=True)
class Node:
    """is_other: not the owner nor what is theirs. note: to stand beside its name. agent: of a session or
    store."""

    id: str
    column: Column
    name: str
    is_other: bool = False
    note: str = ""
    agent: str = ""


@dataclass(frozen=True)
class Edge:
    """why: the setting, as `name: value`, and whether it is the default. place: of its line."""

    start: str
    end: str
    verb: Verb
    why: str
    place: Place
    is_default: bool


@dataclass(frozen=True, eq=False)
class Reach:
    """ways: every person's way to a session. doors: those that let anybody in. outlets: where it can send.
    owners: agents that keep the owner's memory: whom the owner speaks with, or who share such a workspace."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    ways: tuple[Way, ...]
    doors: tuple[Door, ...]
    stores: tuple[Store, ...]
    outlets: tuple[Outlet, ...]
    config: Config
    owners: frozenset[str]

    def of_agent(self, agent: str) -> Iterator[Way]:
        return (one for one in self.ways if one.agent == agent)

    def people(self, agent: str, *, direct: bool = True) -> dict[str, Person]:
        """Who speaks with an agent by direct messages, each once."""
        return {
            one.person.name: one.person for one in self.of_agent(agent)
            if (one.door.kind == "direct") is direct
        }  # fmt: skip

    def whose(self, agent: str) -> str:
        """The owner's, unless it serves one other person alone."""
        people = self.people(agent)
        return next(iter(people)) if len(people) == 1 and "anybody" not in people else "owner"

    def tools(self, way: Way) -> Toolbox:
        return tools_of(self.config, way)

    def holds(self, agent: str) -> tuple[int, bool]:
        """Entries that an agent remembers, and whether facts of a special category are among them."""
        own = [one for one in self.stores if one.agent == agent and one.kind in _KEPT]
        return sum(one.holds for one in own), any(one.is_special for one in own)


_KEPT = ("user model", "memory", "daily notes")


@lru_cache(maxsize=4)
def reach_of(deployment: Deployment) -> Reach:
    doors = doors_of(deployment)
    ways = tuple(ways_in(deployment, doors))
    stores = stores_of(deployment)
    outlets = outlets_of(deployment)
    drawing = _Drawing(deployment.config, stores)
    for way in ways:
        drawing.way(way)
    for agent in deployment.agents:
        drawing.own(agent.id)
    for outlet in outlets:
        drawing.outlet(outlet)
    return Reach(
        tuple(drawing.nodes.values()), tuple(dict.fromkeys(drawing.edges)), ways, doors, stores, outlets,
        deployment.config, _owners_agents(deployment, ways),
    )  # fmt: skip


def _owners_agents(deployment: Deployment, ways: tuple[Way, ...]) -> frozenset[str]:
    spoken = {one.agent for one in ways if one.person.kind == "owner" and one.door.kind == "direct"}
    spoken.add(default_agent(deployment))
    folders = {one.workspace for one in deployment.agents if one.id in spoken and one.workspace}
    return frozenset(spoken | {one.id for one in deployment.agents if one.workspace in folders})


def tools_of(config: Config, way: Way) -> Toolbox:
    rooms = way.door.settings if way.door.kind == "group" else ()
    return toolbox(config, way.agent, is_main=way.is_main, rooms=rooms, of_other=way.person.is_other)


class _Drawing:
    """Collects nodes and edges; the only state here, and gone when the graph is made."""

    def __init__(self, config: Config, stores: tuple[Store, ...]) -> None:
        self._config, self._stores = config, stores
        self._boxes: dict[str, tuple[str, Toolbox]] = {}  # agent and tools, by session
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []

    def _node(
        self, column: Column, key: str, name: str, *, is_other: bool = False, note: str = "", agent: str = ""
    ) -> str:
        node = Node(f"{column}:{key}", column, name, is_other, note, agent)
        self.nodes.setdefault(node.id, node)
        return node.id

    def _edge(self, start: str, end: str, verb: Verb, why: Setting | str, place: Place | None = None) -> None:
        if isinstance(why, Setting):
            self.edges.append(Edge(start, end, verb, str(why), place or why.place, why.is_default))
        else:
            self.edges.append(Edge(start, end, verb, why, place or self._config.place(), is_default=True))

    def way(self, way: Way) -> None:
        person = self._node("who", way.person.name, way.person.name, is_other=way.person.is_other)
        door = self._node("door", way.door.name, way.door.name, note="open" if way.door.is_open else "")
        session = self._session(way.agent, way.session, is_main=way.is_main)
        self._edge(person, door, "comes through", way.door.policy, way.person.place)
        self._edge(door, session, "reaches", way.binding if way.binding and not way.is_main else way.why)
        self._memory(
            session, way.agent, tools_of(self._config, way), is_private=way.is_private or way.is_main
        )

    def own(self, agent: str) -> None:
        """The owner at the agent's own interface, and its heartbeat."""
        person = self._node("who", "owner", "owner")
        door = self._node("door", "own", "its own app and command line")
        session = self._session(agent, f"agent:{agent}:main", is_main=True)
        scope = first_set(self._config, [("session", "dmScope")], "main")
        self._edge(person, door, "comes through", "always there")
        self._edge(door, session, "reaches", scope)
        box = toolbox(self._config, agent, is_main=True, of_other=False)
        self._memory(session, agent, box, is_private=True)
        every = of_agent(self._config, agent, "heartbeat", "every", default="30m")
        if str(every.value) not in ("0m", "0", "false"):
            clock = self._node("who", "clock", "its own clock")
            beat = self._node("door", "heartbeat", "heartbeat and scheduled tasks")
            self._edge(clock, beat, "comes through", every)
            self._edge(beat, session, "reaches", every)

    def _session(self, agent: str, key: str, *, is_main: bool) -> str:
        return self._node("session", key, key, note="main session" if is_main else "", agent=agent)

    def _memory(self, session: str, agent: str, box: Toolbox, *, is_private: bool) -> None:
        self._boxes.setdefault(session, (agent, box))
        injected = of_agent(self._config, agent, "contextInjection", default="always")
        reads, writes = box.reads_workspace(), box.writes_workspace()
        for store in self._stores:
            if store.agent != agent:
                if box.reads_host() and store.kind in _KEPT:
                    self._edge(session, self._store(store), "reads", box.sandbox)
                continue
            node = self._store(store)
            is_told = store.kind == "user model" or (store.kind == "memory" and is_private)
            if is_told and injected.value != "never":
                self._edge(session, node, "reads", injected)
            if store.kind in _KEPT:
                if reads:
                    self._edge(session, node, "reads", reads)
                if writes:
                    self._edge(session, node, "writes", writes)
            elif store.kind == "transcripts":
                self._edge(session, node, "writes", "every turn is kept")
                seen = first_set(self._config, [("tools", "sessions", "visibility")], "all")
                if box.has("sessions_history") and seen.value in ("all", "agent") and not box.is_sandboxed:
                    self._edge(session, node, "reads", seen)
            else:
                self._edge(session, node, "reads", "armed intents are matched with every turn")

    def _store(self, store: Store) -> str:
        unit = "turn" if store.kind == "transcripts" else "intent"
        note = f"{store.holds} {unit}{'' if store.holds == 1 else 's'}"
        if store.kind in _KEPT:
            note = "1 entry" if store.holds == 1 else f"{store.holds} entries"
        note += ", special ones" if store.is_special else ""
        return self._node("store", f"{store.agent}/{store.kind}", f"{store.name} of {store.agent}", note=note,
                          agent=store.agent)  # fmt: skip

    def outlet(self, outlet: Outlet) -> None:
        starts = [
            key for key, (agent, box) in self._boxes.items() if agent in outlet.agents and _has(box, outlet)
        ]
        if outlet.kind == "delivery":
            agent = outlet.agents[0]
            run = self._session(agent, f"agent:{agent}:cron", is_main=False)
            clock = self._node("who", "clock", "its own clock")
            beat = self._node("door", "heartbeat", "heartbeat and scheduled tasks")
            self._edge(clock, beat, "comes through", outlet.why, outlet.place)
            self._edge(beat, run, "reaches", outlet.why, outlet.place)
            self._memory(
                run, agent, toolbox(self._config, agent, is_main=False, of_other=False), is_private=False
            )
            starts = [run]
        elif outlet.kind == "heartbeat":
            starts = [f"session:agent:{outlet.agents[0]}:main"]
        for start in starts:
            node = self._node("outward", outlet.name, outlet.name, is_other=outlet.is_other, note=outlet.kind)
            self._edge(start, node, "sends", outlet.why, outlet.place)


def _has(box: Toolbox, outlet: Outlet) -> bool:
    if outlet.kind == "tool":
        had = [one for one in outlet.target.split(", ") if box.has(one)]
        return any(one != "exec" for one in had) or ("exec" in had and not box.is_sandboxed)
    return outlet.kind == "skill" or box.has("bundle-mcp")
