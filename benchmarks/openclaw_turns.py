"""A turn of a live OpenClaw agent over its gateway, and by a process a turn, side by side in one run.

Both read the same copy of the same workspace, with the naive model behind them; turns are taken in turns, so
that both meet the same machine. Prints the median of each and how often the one fits into the other. About
two minutes. Exit code 1 when the gateway is not at least ten times as fast.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from forwhom.openclaw.agent import LiveAgent
from forwhom.openclaw.installation import installed
from forwhom.openclaw.layer import OpenClaw
from forwhom.openclaw.model_server import MODEL, ModelServer
from forwhom.openclaw.sealing import Sealing, Served, sealed
from forwhom.openclaw.understood import CONFIG, environment
from forwhom.users.user import NEUTRAL

ROUNDS, TURNS = 5, 6


def main() -> int:
    """Measure and print."""
    model = ModelServer()
    threading.Thread(target=model.serve_forever, daemon=True).start()
    openclaw = installed()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder) / "workspace"
        workspace.mkdir()
        (workspace / "AGENTS.md").write_text("# Agent\n\nBe brief.\n", encoding="utf-8")
        layer = OpenClaw(path=str(workspace), model_url=model.url, model_id=MODEL)
        started = time.monotonic()
        agent = LiveAgent(layer._pool(), layer._routes(), NEUTRAL, "nothing")
        start, first = time.monotonic() - started, _timed(agent)
        state = Path(folder) / "state"
        state.mkdir()
        how = Sealing(Path(folder), 1, "t", {"main": workspace}, "main", Served(model.url, MODEL))
        (state / CONFIG).write_text(json.dumps(sealed({}, how)), encoding="utf-8")
        env = environment(openclaw, state, Path(folder), state / CONFIG)
        warm: list[float] = []
        alone: list[float] = []
        for number in range(ROUNDS):
            warm += [_timed(agent) for _ in range(TURNS)]
            command = openclaw.command("agent", "--local", "--agent", "main", "--session-id", f"s{number}",
                                       "--message", "Hello.", "--json")  # fmt: skip
            began = time.monotonic()
            subprocess.run(command, env=env, check=True, capture_output=True, timeout=300)
            alone.append(time.monotonic() - began)
        layer._pool().stop()
    model.shutdown()
    ratio = median(alone) / median(warm)
    pays = (start + first) / (median(alone) - median(warm))
    print(f"OpenClaw {openclaw.version} with the naive model: {len(warm)} turns, {len(alone)} processes")
    print(f"  gateway: {start:.1f} s to start, {first:.1f} s for an agent's first turn")
    print(f"           {_told(warm)}")
    print(f"  process: {_told(alone)}")
    print(f"  a process a turn takes {ratio:.0f} times as long; a gateway pays after {pays:.1f} turns")
    return 0 if ratio >= 10 else 1


def _told(seconds: list[float]) -> str:
    low, middle, high = (1000 * one for one in (min(seconds), median(seconds), max(seconds)))
    return f"{middle:.0f} ms a turn ({low:.0f} to {high:.0f})"


def _timed(agent: LiveAgent) -> float:
    began = time.monotonic()
    agent.say("Hello.")
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
