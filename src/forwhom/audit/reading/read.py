"""A folder to a Deployment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from forwhom.audit.finding import Place
from forwhom.audit.reading.database import Database, opened
from forwhom.audit.reading.deployment import Chunk, Deployment, Intent, Job, Message
from forwhom.audit.reading.history import as_places, copies_in, versions_in, versions_of
from forwhom.audit.reading.layout import Layout, layout_of, older_cron
from forwhom.audit.reading.texts import read_texts
from forwhom.audit.reading.transcripts import messages_in, messages_of, session_keys
from forwhom.audit.reading.tree import Tree, tree_of

_SCHEMA = 23
"""Of the agents' databases, in the version that this was measured on."""


def read_deployment(path: Path, workspace: Path | None = None) -> Deployment:
    """workspace: of every agent, in place of what the configuration says.

    Raises InputError for what is no deployment; what cannot be read in one is told in `skipped`.
    """
    tree = tree_of(path)
    layout = layout_of(tree, workspace)
    found = _State(tree, layout)
    if layout.kind == "state":
        found.read()
    folders = dict.fromkeys(layout.workspaces.values())
    copies = list(copies_in(tree, [tree.root, *folders]))
    history = [one for folder in folders if folder.is_dir() for one in versions_of(tree, folder)]
    history += [one for copy, packed in copies for one in versions_in(tree, copy, is_archive=packed)]
    history.sort(key=lambda one: one.at)
    return Deployment(
        root=str(tree.root), layout=layout.kind, product=layout.product,
        version=layout.version or found.version, config=layout.config, agents=layout.agents(tree),
        texts=tuple(read_texts(tree, layout.workspaces)), messages=tuple(found.messages),
        chunks=tuple(found.chunks), intents=tuple(found.intents), jobs=tuple(found.jobs),
        paired={channel: tuple(dict.fromkeys(told)) for channel, told in found.paired.items()},
        forgotten=found.forgotten, history=tuple(history), copies=as_places(tree, [one for one, _ in copies]),
        notices=(*layout.notices, *found.notices), skipped=tuple(tree.skipped),
    )  # fmt: skip


class _State:
    """What lies in the state folder beside its configuration."""

    def __init__(self, tree: Tree, layout: Layout) -> None:
        self._tree, self._layout = tree, layout
        self.version = ""
        self.messages: list[Message] = []
        self.chunks: list[Chunk] = []
        self.intents: list[Intent] = []
        self.jobs: list[Job] = []
        self.paired: dict[str, list[str]] = {}
        self.forgotten: dict[str, Place] = {}
        self.notices: list[str] = []

    def read(self) -> None:
        root = self._tree.root
        for agent in self._layout.workspaces:
            folder = root / "agents" / agent
            for name in ("openclaw-agent.sqlite", "memory.sqlite"):
                path = folder / "agent" / name
                if self._tree.is_regular(path):
                    with opened(self._tree, path) as database:
                        if database is not None:
                            self._agent(database, agent)
            self._older_sessions(folder / "sessions", agent)
        shared = root / "state" / "openclaw.sqlite"
        if self._tree.is_regular(shared):
            with opened(self._tree, shared) as database:
                if database is not None:
                    self._shared(database)
        self._older_files(root)

    def _agent(self, database: Database, agent: str) -> None:
        for meta in database.rows("schema_meta"):
            self.version = str(meta.get("app_version") or self.version)
            if (meta.get("schema_version") or 0) > _SCHEMA:
                self.notices.append(
                    f"{database.file}: its schema is {meta['schema_version']}, and {_SCHEMA} is the newest "
                    "known; tables that were added since were not read."
                )
        self.messages += messages_of(database, agent)
        origins = {
            one["chunk_id"]: one["origin_class"] for one in database.rows("memory_index_chunk_provenance")
        }
        for row in database.rows("memory_index_chunks"):
            place = Place(file=database.file, where=f"memory_index_chunks, {row['path']}:{row['start_line']}")
            self.chunks.append(Chunk(place, str(row["path"]), str(row["text"]), origins.get(row["id"], "")))
        self.intents += [_intent(row, database.file) for row in database.rows("standing_intents")]
        for row in database.rows("memory_session_tombstones"):
            place = Place(file=database.file, where=f"memory_session_tombstones, {row['session_id']}")
            self.forgotten[str(row["session_id"])] = place

    def _shared(self, database: Database) -> None:
        for row in database.rows("cron_jobs"):
            told = _json(row.get("job_json"))
            place = Place(file=database.file, where=f"cron_jobs, {row['job_id']}")
            self.jobs.append(_job({**told, "name": row["name"], "enabled": bool(row["enabled"]),
                                   "agentId": row.get("agent_id")}, place))  # fmt: skip
        for row in database.rows("channel_pairing_allow_entries"):
            self.paired.setdefault(str(row["channel_key"]), []).append(str(row["entry"]))

    def _older_sessions(self, folder: Path, agent: str) -> None:
        if not self._tree.is_folder(folder):
            return
        index = folder / "sessions.json"
        keys = session_keys(self._tree, index) if self._tree.is_regular(index) else {}
        for path in self._tree.files(folder):
            if ".jsonl" in path.name:
                self.messages += messages_in(self._tree, path, agent, keys)

    def _older_files(self, root: Path) -> None:
        jobs = root / "cron" / "jobs.json"
        if self._tree.is_regular(jobs):
            text = self._tree.text(jobs) or ""
            for told in older_cron(text):
                place = Place(file=self._tree.name(jobs), where=f"job {told.get('id', told.get('name', ''))}")
                job = _job(told, place)
                line = _line_of(text, str(told.get("id", "")), job.to)
                self.jobs.append(replace(job, place=place.model_copy(update={"line": line})))
        folder = root / "credentials"
        for path in self._tree.files(folder) if self._tree.is_folder(folder) else ():
            if path.name.endswith("-allowFrom.json"):
                told = _json(self._tree.text(path)).get("allowFrom", [])
                channel = path.name.removesuffix("-allowFrom.json")
                self.paired.setdefault(channel, []).extend(map(str, told if isinstance(told, list) else ()))


def _intent(row: dict[str, Any], file: str) -> Intent:
    return Intent(
        Place(file=file, where=f"standing_intents, {row['id']}"), str(row["description"]),
        _keywords(row["trigger_keywords"]), str(row.get("channel_scope") or ""),
        str(row.get("sender_scope") or ""), str(row.get("creator_sender") or ""), str(row["status"]),
        int(row.get("max_fires") or 0), float(row.get("expires_at") or 0) / 1000,
        str(row.get("source_session_id") or ""),
    )  # fmt: skip


def _line_of(text: str, *wanted: str) -> int:
    """Of the last of `wanted`, each looked for after the one before; 1 where it is not there."""
    at = 0
    for one in wanted:
        found = text.find(json.dumps(one, ensure_ascii=False), at) if one else -1
        at = max(found, at)
    return text.count("\n", 0, at) + 1


def _keywords(told: Any) -> str:
    try:
        found = json.loads(str(told))
    except ValueError:
        return str(told)
    return ", ".join(map(str, found)) if isinstance(found, list) else str(found)


def _job(told: dict[str, Any], place: Place) -> Job:
    payload, delivery = told.get("payload"), told.get("delivery")
    payload = payload if isinstance(payload, dict) else {}
    delivery = delivery if isinstance(delivery, dict) else {}
    if payload.get("deliver") is True and not delivery:  # as older versions spell it
        delivery = {"mode": "announce", "channel": payload.get("channel"), "to": payload.get("to")}
    return Job(
        place, str(told.get("name") or ""), str(told.get("agentId") or ""),
        str(payload.get("message") or payload.get("text") or ""), bool(told.get("enabled", True)),
        str(delivery.get("mode") or ""), str(delivery.get("channel") or ""), str(delivery.get("to") or ""),
    )  # fmt: skip


def _json(told: Any) -> dict[str, Any]:
    try:
        found = json.loads(str(told or "{}"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
