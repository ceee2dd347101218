"""What OpenClaw itself makes of a configuration: asked of its own code, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from forwhom.errors import InputError
from forwhom.openclaw.installation import Installation

CONFIG = "openclaw.json"


@dataclass(frozen=True)
class Routes:
    """In which session a message is put. own, other: the keys for two people who write to `agent`, as
    OpenClaw routes them; the same key twice where they share a session. channel: by which they write."""

    agent: str
    channel: str
    own: str
    other: str

    def key(self, agent: str, person: str, account: str = "default") -> str:
        """Of the session of `person` with this copy of the agent. person: letters and digits. account: of the
        channel, by which they write."""
        key = self.own.replace("forwhom-one", person).replace(f"agent:{self.agent}:", f"agent:{agent}:", 1)
        return key.replace(f":{self.channel}:default:", f":{self.channel}:{account}:", 1)


@lru_cache(maxsize=32)
def routes(openclaw: Installation, config: Path, agent: str, channel: str, scope: str) -> Routes:
    """How messages to `agent` are put in sessions. scope: session.dmScope in place of the configured one."""
    own, other = understood(openclaw, config, agent, channel, scope)["keys"]
    return Routes(agent, channel, own, other)


def understood(
    openclaw: Installation, config: Path, agent: str = "", channel: str = "telegram", scope: str = ""
) -> dict[str, Any]:
    """What read_config.mjs tells; raises InputError where OpenClaw cannot read the configuration at all."""
    helper = Path(__file__).with_name("read_config.mjs")
    with TemporaryDirectory(prefix="forwhom-openclaw-read-") as scratch:
        env = environment(openclaw, Path(scratch), Path(scratch), config)
        ran = subprocess.run(  # noqa: S603
            [openclaw.node, str(helper), str(openclaw.package), channel, scope, agent], env=env,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    if ran.returncode != 0:
        last = "\n".join(ran.stderr.strip().splitlines()[-5:])
        raise InputError(f"{config}: OpenClaw {openclaw.version} cannot read it:\n{last}")
    found: dict[str, Any] = json.loads(ran.stdout[ran.stdout.index("{") :])
    return found


def environment(
    openclaw: Installation, state: Path, home: Path, config: Path, *, channels: bool = False
) -> dict[str, str]:
    """The variables of a process of OpenClaw that sees this state and no other: those of ours for provider
    keys, none of OpenClaw's own. channels: whether it starts those that the configuration has."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENCLAW_")}
    return kept | {
        "PATH": f"{Path(openclaw.node).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "HOME": str(home), "USERPROFILE": str(home), "XDG_CONFIG_HOME": str(home / ".config"),
        "OPENCLAW_STATE_DIR": str(state), "OPENCLAW_CONFIG_PATH": str(config), "OPENCLAW_HOME": str(home),
        "OPENCLAW_DISABLE_BONJOUR": "1", "OPENCLAW_EXEC_SHELL_SNAPSHOT": "0", "OPENCLAW_NO_RESPAWN": "1",
        "OPENCLAW_NO_AUTO_UPDATE": "1", "DO_NOT_TRACK": "1", "NO_COLOR": "1",
        **({} if channels else {"OPENCLAW_SKIP_CHANNELS": "1"}),
    }  # fmt: skip
