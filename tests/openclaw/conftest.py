"""A real OpenClaw with the project's naive model behind it, started once for all tests of a process."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from forwhom.errors import InputError
from forwhom.openclaw.agent import LiveAgent
from forwhom.openclaw.installation import Installation, installed
from forwhom.openclaw.layer import OpenClaw
from forwhom.openclaw.model_server import MODEL, ModelServer
from forwhom.openclaw.pool import Pool
from forwhom.openclaw.understood import Routes
from forwhom.users.population import builtin_population
from forwhom.users.user import User

PERSON = builtin_population()[0]


@pytest.fixture(scope="session")
def openclaw() -> Installation:
    try:
        return installed()
    except InputError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def model() -> Iterator[ModelServer]:
    server = ModelServer()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder as a person has it: with comments, a channel, a workspace elsewhere, and a note."""
    home = tmp_path_factory.mktemp("home")
    folder, workspace = home / ".openclaw", home / "own workspace"
    (workspace / "memory").mkdir(parents=True)
    folder.mkdir()
    (workspace / "AGENTS.md").write_text("# Agent\n\nBe brief.\n", encoding="utf-8")
    (workspace / "MEMORY.md").write_text(
        "# Memory\n\n- The wifi at home is called Kestrel.\n", encoding="utf-8"
    )
    (workspace / "memory" / "2026-01-02.md").write_text("- Bought a red kettle.\n", encoding="utf-8")
    (folder / "openclaw.json").write_text(
        '{ // as a person writes it\n  $include: "./channels.json5",\n'
        f'  agents: {{ defaults: {{ workspace: "{workspace}" }}, entries: {{ main: {{}} }} }},\n'
        '  tools: { deny: ["apply_patch"] },\n}\n', encoding="utf-8",
    )  # fmt: skip
    channel = '{ channels: { telegram: { enabled: true, botToken: "1:not-a-token" } } }'
    (folder / "channels.json5").write_text(channel, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def layer(openclaw: Installation, model: ModelServer, state: Path) -> Iterator[OpenClaw]:
    """All that these tests ask is asked of one gateway: to start one takes far longer than a turn."""
    os.environ["FORWHOM_TEST_HEADER"] = "live"
    headers = {"x-study": "${FORWHOM_TEST_HEADER}"}
    own = OpenClaw(path=str(state), model_url=model.url, model_id=MODEL, model_headers=headers,
                   gateway_for="everybody")  # fmt: skip
    yield own
    own._pool().stop()


@pytest.fixture(scope="session")
def pool(layer: OpenClaw) -> Pool:
    return layer._pool()


SHARED = Routes("main", "telegram", "agent:main:main", "agent:main:main")
APART = Routes("main", "telegram", "agent:main:direct:forwhom-one", "agent:main:direct:forwhom-other")


def live(pool: Pool, routes: Routes = SHARED, user: User = PERSON) -> LiveAgent:
    """With everybody in one session, as OpenClaw does it unless it is configured otherwise."""
    return LiveAgent(pool, routes, user, "both")


def tree_hash(folder: Path) -> str:
    """Of every name, mode, time and byte below a folder."""
    told = hashlib.sha256()
    for file in sorted(folder.rglob("*")):
        about = file.lstat()
        told.update(f"{file.relative_to(folder)} {about.st_mode} {about.st_mtime_ns}\n".encode())
        if file.is_file():
            told.update(file.read_bytes())
    return told.hexdigest()
