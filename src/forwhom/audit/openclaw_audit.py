"""OpenClaw's own `security audit`, run where it is installed, and its findings beside ours.

It runs on a copy of the state folder, with a home, a configuration and an environment of its own: without
plugins, secrets that a command provides, environment files and links, so that nothing of the deployment is
executed and nothing of the original is opened by it. What it says of files' rights it says of the copy, which
keeps them; what it would say of plugins it cannot say.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from forwhom.audit.finding import AuditFinding, Place, Severity
from forwhom.audit.quoting import quoted
from forwhom.audit.reading.config import Config
from forwhom.audit.reading.deployment import Deployment
from forwhom.errors import InputError
from forwhom.monitor.session import one_line
from forwhom.openclaw.installation import installed

TOOL = "openclaw"
_ASKED = ("security", "audit", "--json")
_SECONDS = 120
_LARGEST = 20_000_000  # bytes of a file that is copied
_LEFT_OUT = {"node_modules", "extensions", "plugins", "media", "logs", ".git", "sandboxes"}
_NO_FILES = (".env", ".sqlite", ".sqlite-wal", ".sqlite-shm", ".jsonl")
_ALONE = {
    "OPENCLAW_OFFLINE": "1", "OPENCLAW_NO_AUTO_UPDATE": "1", "OPENCLAW_DISABLE_BONJOUR": "1",
    "npm_config_offline": "true", "npm_config_ignore_scripts": "true",
    "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9",
}  # fmt: skip
"""It would ask a registry for the plugins of channels; nothing listens at port 9."""
_PAIRED = "openclaw.sqlite"
"""Holds who was paired; the agents' databases hold what was said."""
_SEVERITIES: dict[str, Severity] = {"info": "low", "warn": "medium", "critical": "high"}
_NAME = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
_NOT_SET = re.compile(r"^(PATH|HOME|NODE|LD_|DYLD_|OPENCLAW_|NPM_|SHELL|BASH|PYTHON|SSL_|TMP)")
_RISKS: tuple[tuple[str, str], ...] = (
    (r"^channels\..*\.dm\.scope_main_multiuser$", "cross-user-leakage"),
    (r"^security\.trust_model\.", "cross-user-leakage"),
    (r"^channels\..*\.(dm|groups?)\.", "store-extraction"),
    (r"^(hooks\.|security\.exposure\.open)", "instruction-in-content"),
    (r"^(tools|sandbox)\.", "over-reach"),
)
"""Where one of its checks tells of a risk of the taxonomy; the rest is about the machine and has none."""
_SAME: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"dm\.scope_main_multiuser$", ("shared-main-session", "several-people-one-user-file")),
    (r"^channels\..*\.dm\.open(_invalid)?$", ("open-door",)),
    (r"^channels\..*groups?\..*open|^security\.exposure\.open_", ("open-door", "group-reads-memory")),
    (r"^security\.trust_model\.multi_user", ("shared-main-session", "group-reads-memory")),
    (r"^security\.trust_model\.cross_agent", ("combination",)),
    (r"^hooks\.", ("external-content-to-memory",)),
)
"""Which of ours are about the same setting."""


@dataclass(frozen=True)
class OpenClawAudit:
    """findings: none where it could not run. why: what a reader should know of its run, or ""."""

    findings: tuple[AuditFinding, ...]
    why: str = ""


def _command(named: Path | None) -> list[str]:
    """`named` in place of looking for it; raises InputError where it is not installed."""
    return [str(named), *_ASKED] if named else installed().command(*_ASKED)


def merged(
    ours: Sequence[AuditFinding], deployment: Deployment, openclaw: Path | None = None
) -> tuple[tuple[AuditFinding, ...], str]:
    """Ours and then its own, each pointing to the other's where both tell of the same setting; and what a
    reader should know of its run, or ""."""
    told = openclaw_audit(deployment, openclaw)
    theirs = [_pointing(one, ours) for one in told.findings]
    return (*(_pointing(one, told.findings) for one in ours), *theirs), told.why


def openclaw_audit(deployment: Deployment, openclaw: Path | None = None) -> OpenClawAudit:
    try:
        found = _command(openclaw)
    except InputError as error:
        return OpenClawAudit((), f"openclaw is not installed here: {error}")
    if deployment.layout != "state" or not deployment.config.file:
        return OpenClawAudit((), "openclaw's own audit needs a state folder with its configuration.")
    with TemporaryDirectory(prefix="forwhom-audit-") as folder:
        state, home = Path(folder) / "state", Path(folder) / "home"
        home.mkdir()
        root = Path(deployment.root)
        _copy(root, state)
        config = state / "openclaw.json"
        config.write_text(json.dumps(_harmless(deployment.config, root, state)), encoding="utf-8")
        source = root / deployment.config.file
        config.chmod(source.stat().st_mode & 0o777)
        findings, why = _run(found, state, home, deployment.config)
        if findings is None and (state / "state").is_dir():
            shutil.rmtree(state / "state")
            findings, again = _run(found, state, home, deployment.config)
            why = again or f"openclaw's audit ran without who was paired: {why}"
    if findings is None:
        return OpenClawAudit((), why)
    return OpenClawAudit(tuple(
        _finding(one, deployment, (str(state), str(home))) for one in findings
        if isinstance(one, dict) and one.get("checkId") and one["checkId"] != "summary.attack_surface"
    ), why)  # fmt: skip


def _run(command: list[str], state: Path, home: Path, config: Config) -> tuple[list[Any] | None, str]:
    environment = {
        "PATH": os.pathsep.join((str(Path(command[0]).parent), os.environ.get("PATH", os.defpath))),
        "HOME": str(home), "USERPROFILE": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", "NO_COLOR": "1",
        "OPENCLAW_STATE_DIR": str(state), "OPENCLAW_CONFIG_PATH": str(state / "openclaw.json"), **_ALONE,
    }  # fmt: skip
    for _, text in config.strings:
        for name in _NAME.findall(text):
            if not _NOT_SET.match(name):
                environment.setdefault(name, "not-set-while-auditing-0000000000000000")
    try:
        started = subprocess.Popen(  # noqa: S603
            command, cwd=home, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        return None, f"openclaw could not be run: {error.strerror or error}."
    try:
        out, errors = started.communicate(timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return None, f"openclaw's audit took longer than {_SECONDS} seconds."
    finally:
        _end(started)
    text = out.decode("utf-8", errors="replace")
    try:
        told = json.loads(text[text.index("{") :])
    except ValueError:
        told = None
    findings = told.get("findings") if isinstance(told, dict) else None
    if isinstance(findings, list):
        return findings, ""
    said = _failure(told) or errors.decode("utf-8", errors="replace")
    return None, f"it ended with {started.returncode}: {quoted(said.replace(str(state), '~'))}"


def _end(started: subprocess.Popen[bytes]) -> None:
    """With all that it started, which would write into the copy after it is gone."""
    try:
        os.killpg(started.pid, signal.SIGKILL)
    except (OSError, AttributeError):
        started.kill()
    started.wait()


def _failure(told: Any) -> str:
    """What its own answer says went wrong, and with which setting."""
    if not isinstance(told, dict) or not isinstance(told.get("error"), dict):
        return ""
    issues = told.get("issues")
    first = issues[0] if isinstance(issues, list) and issues and isinstance(issues[0], dict) else {}
    return f"{told['error'].get('message')} {first.get('message', '')}".strip()


def _copy(root: Path, to: Path) -> None:
    """Regular files and folders with their rights; no link, no code, nothing large, and not without end."""
    to.mkdir()
    left = _LARGEST * 10
    for folder, folders, names in os.walk(root, followlinks=False):
        here = Path(folder)
        there = to / here.relative_to(root)
        folders[:] = [one for one in folders if one not in _LEFT_OUT and not (here / one).is_symlink()]
        for name in folders:
            (there / name).mkdir()
        for name in names:
            file = here / name
            is_left = name.endswith(_NO_FILES) and not name.startswith(_PAIRED)
            if file.is_symlink() or not file.is_file() or is_left:
                continue
            size = file.stat().st_size
            if size <= min(left, _LARGEST):
                left -= size + 4096
                with suppress(OSError):  # what may not be read is left out
                    shutil.copy2(file, there / name, follow_symlinks=False)
    for folder, _, _ in os.walk(to, topdown=False):
        source = root / Path(folder).relative_to(to)
        Path(folder).chmod((source.stat().st_mode & 0o777) | 0o700)


def _harmless(config: Config, root: Path, state: Path) -> dict[str, Any]:
    """Its settings without what it would run or read elsewhere, and with the copy's paths."""

    def moved(value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return {name: moved(one, name) for name, one in value.items() if name != "$include"}
        if isinstance(value, list):
            return [moved(one, key) for one in value]
        if not isinstance(value, str):
            return value
        inside = value.replace(str(root), str(state))
        if key in ("workspace", "agentDir", "cwd", "store") and not inside.startswith(str(state)):
            return str(state / "elsewhere")
        return inside

    told: dict[str, Any] = moved(config.values, "")
    told.pop("env", None)
    told.pop("secrets", None)
    plugins = told.get("plugins")
    if isinstance(plugins, dict):
        for key in ("load", "installs", "slots"):
            plugins.pop(key, None)
    return told


def _finding(told: dict[str, Any], deployment: Deployment, copies: tuple[str, ...]) -> AuditFinding:
    check = one_line(str(told["checkId"]), 120)
    detail, fix = (str(told.get(key) or "") for key in ("detail", "remediation"))
    for copy, real in zip(copies, (deployment.root, "~"), strict=True):
        detail, fix = detail.replace(copy, real), fix.replace(copy, real)
    place = _place(check, deployment.config)
    severity = _SEVERITIES.get(str(told.get("severity")), "low")
    title = one_line(str(told.get("title") or check), 160)
    return AuditFinding(
        id=next((risk for pattern, risk in _RISKS if re.search(pattern, check)), ""), check=check,
        question="reaches", severity=severity, reasoning=f"OpenClaw calls it {told.get('severity')}.",
        file=place.file, line=place.line, claim=f"{title}. {quoted(detail)}".strip(),
        fix=one_line(fix, 300) or "See OpenClaw's documentation of its audit checks.", confidence="certain",
        tool=TOOL,
    )  # fmt: skip


def _place(check: str, config: Config) -> Place:
    """Of the deepest setting that a check's id names, as channels.telegram.dm.open does."""
    path: list[str] = []
    for part in check.split("."):
        if not config.is_set(*path, part):
            break
        path.append(part)
    return config.place(*path)


def _pointing(finding: AuditFinding, others: Iterable[AuditFinding]) -> AuditFinding:
    """With the places of the other tool's findings on the same setting, and said so."""
    same = [one for one in others if _is_same(finding, one)]
    if not same:
        return finding
    names = ", ".join(dict.fromkeys(f"{one.tool}'s {one.check}" for one in same))
    places = dict.fromkeys((*finding.related, *(one.place for one in same)))
    return finding.model_copy(update={
        "related": tuple(one for one in places if one != finding.place),
        "reasoning": f"{finding.reasoning} See also {names}.",
    })  # fmt: skip


def _is_same(one: AuditFinding, other: AuditFinding) -> bool:
    """One is ours and one is its own, and where both name a channel it is the same one."""
    if (one.tool == TOOL) == (other.tool == TOOL):
        return False
    its, ours = (one, other) if one.tool == TOOL else (other, one)
    if not any(re.search(pattern, its.check) and ours.check in names for pattern, names in _SAME):
        return False
    channel = its.check.split(".")[1] if its.check.startswith("channels.") else ""
    return not channel or channel in ours.claim or ours.check not in ("open-door", "group-reads-memory")
