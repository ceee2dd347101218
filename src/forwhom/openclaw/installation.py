"""Where OpenClaw is installed, which version it is, and the node that runs it.

Looked for in the folder that FORWHOM_OPENCLAW names, in .openclaw here and beside the source (where `make
openclaw` puts it), and on the PATH, in this order.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from forwhom.errors import InputError

FOLDER = "FORWHOM_OPENCLAW"
_INSTALL = (
    "Install it with `make openclaw` (into .openclaw here), or with `npm install openclaw` anywhere and "
    f"{FOLDER}=THAT_FOLDER."
)
_BOUND = re.compile(r"(>=|<)(\d+)(?:\.(\d+))?(?:\.(\d+))?")


@dataclass(frozen=True)
class Installation:
    """package: OpenClaw's folder in node_modules. node: the program that runs it."""

    package: Path
    node: str
    version: str

    def command(self, *arguments: str) -> list[str]:
        """The command line of `openclaw ARGUMENTS`."""
        return [self.node, str(self.package / "openclaw.mjs"), *arguments]


def installed() -> Installation:
    """The installation; raises InputError where there is none, or where its node is too old."""
    return _installed(os.environ.get(FOLDER, ""), str(Path.cwd()), os.environ.get("PATH", ""))


@cache
def _installed(named: str, here: str, path: str) -> Installation:
    package = _package(named, here)
    if package is None:
        where = f"{FOLDER}={named}: holds no node_modules/openclaw" if named else "OpenClaw is not installed"
        raise InputError(f"{where}. {_INSTALL}")
    about = json.loads((package / "package.json").read_text(encoding="utf-8"))
    wanted = str(about.get("engines", {}).get("node", ""))
    beside = package.parent / ".bin" / "node"
    tried = [one for one in (str(beside) if beside.exists() else "", shutil.which("node") or "") if one]
    versions = {node: node_version(node) for node in tried}
    fitting = [node for node, found in versions.items() if satisfies(found, wanted)]
    if not fitting:
        found = ", ".join(versions.values()) or "none"
        raise InputError(
            f"OpenClaw {about['version']} needs node {wanted}, and here is {found}. `make openclaw` installs "
            "one that fits beside it."
        )
    return Installation(package, fitting[0], str(about["version"]))


def _package(named: str, here: str) -> Path | None:
    source = Path(__file__).parents[3]
    folders = [Path(named)] if named else [Path(here) / ".openclaw", source / ".openclaw"]
    found = [one / "node_modules" / "openclaw" for one in folders]
    on_path = None if named else shutil.which("openclaw")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    return next((one.resolve() for one in found if (one / "openclaw.mjs").is_file()), None)


def node_version(node: str) -> str:
    """As node prints it, without the v; "" where it cannot be run."""
    try:
        told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.strip().removeprefix("v")


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version is in a range as package.json writes it (">=24.16.0 <25 || >=26.1")."""
    if not wanted:
        return bool(version)
    numbers = re.match(r"(\d+)\.(\d+)\.(\d+)", version)
    if numbers is None:
        return False
    own = tuple(int(one) for one in numbers.groups())
    for way in wanted.split("||"):
        bounds = [(sign, tuple(int(n or 0) for n in rest)) for sign, *rest in _BOUND.findall(way)]
        if bounds and all(own >= bound if sign == ">=" else own < bound for sign, bound in bounds):
            return True
    return False
