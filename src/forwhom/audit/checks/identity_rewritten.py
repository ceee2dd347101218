"""Who the agent is, changed by the agent itself without anybody having asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

from forwhom.audit.check import Check, check
from forwhom.audit.finding import AuditFinding, Place
from forwhom.audit.knowledge.directives import suspicions
from forwhom.audit.reading.deployment import Call, Deployment, Message, Version

_OWN = re.compile(r"(?:^|[/\\\s\"'])(SOUL|IDENTITY|AGENTS)\.md\b", re.IGNORECASE)
_WRITES = (
    "write", "edit", "apply_patch", "applypatch", "patch", "str_replace", "create", "append", "multiedit",
    "replace", "insert", "save", "update", "fs_write", "fs_edit", "file_write", "file_edit",
    "overwrite", "put_file",
)  # fmt: skip
_SHELL = (
    "exec",
    "bash",
    "shell",
    "process",
    "run",
    "terminal",
    "command",
    "python",
    "code",
    "system",
    "cmd",
    "powershell",
)
_SHELL_WRITE = re.compile(
    r">>?\s*\S*(?:SOUL|IDENTITY|AGENTS)\.md|\b(?:sed\s+(?:-\w+\s+)*-i|sed -i|perl -\w*i|ed -s|ex -s|"
    r"tee|mv|cp|install|truncate|rm|dd|patch|ln|"
    r"git (?:apply|checkout|restore|am|revert|commit)|Set-Content|Add-Content|Out-File|rsync|curl[^|"
    r"]*-o|wget[^|]*-O)\b|"
    r"open\([^)]*,\s*['\"](?:a|w|x|r\+)|write_text|writeFile|appendFile|\.write\(",
    re.IGNORECASE,
)
_ASKED = re.compile(
    r"\b(?:soul|identity|persona\w*|agents?\.md|your (?:name|style|tone|voice|character|rules?|vibe|emoji|"
    r"boundar\w+|"
    r"instructions?|behaviou?r)|call yourself|be more|be less|from now on|you (?:are|should be|may)|rule|"
    r"tone|"
    r"sei (?:mehr|weniger)|dein\w* (?:name|ton|stil|regeln?)|tu (?:nombre|tono|estilo|carácter)|bootstrap)\b",
    re.IGNORECASE,
)
_AGENT_AUTHOR = re.compile(
    r"\b(?:openclaw|clawd(?:bot)?|moltbot|agent|assistant|bot|automation|dream(?:ing)?)\b", re.IGNORECASE
)
_OWNERS_WISH = re.compile(
    r"\b(?:asked|request(?:ed)?|as (?:told|agreed|discussed)|per \w+|user wants|wunsch)\b", re.IGNORECASE
)


@check(
    "identity-rewritten",
    risk="memory-poisoning",
    question="happened",
    about="The agent changed SOUL.md, IDENTITY.md or AGENTS.md by itself.",
    fix="Read the change and take it back (git checkout of the file); let the agent only read the "
    "three files (another owner, mode 444).",
)
def identity_rewritten(check: Check, deployment: Deployment) -> Iterator[AuditFinding]:
    written: set[str] = set()
    for told in deployment.sessions.values():
        for place, message in enumerate(told):
            for call in message.calls:
                name = _changes(call)
                if not name or _was_asked(told, place):
                    continue
                written.add(name.lower())
                text = " ".join(call.arguments.values())
                yield check.found(
                    message.place,
                    f"The agent changed {name} by itself ({call.tool}).",
                    "high",
                    "it is read into every prompt; the message before does not ask for it"
                    + (f", and what it wrote {suspicions(text)[0].kind}" if suspicions(text) else "")
                    + ".",
                    "likely",
                    quote=text,
                )
    for version in _by_the_agent(deployment):
        name = version.file.rsplit("/", 1)[-1]
        yield check.found(
            Place(file=version.file, where=f"commit {version.commit}"),
            f"{name} was changed in a commit by the agent itself ({version.commit}, {version.author}).",
            "medium",
            "it is read into every prompt; the commit does not say that anybody asked for it"
            + ("." if name.lower() not in written else "; a transcript shows it, too."),
            "possible",
            quote=version.message.split("\n")[0],
        )


def _changes(call: Call) -> str:
    """The file of its own that a call changes; "" for none."""
    tool = call.tool.lower()
    path = " ".join(
        value for key, value in call.arguments.items()
        if key.lower() in ("path", "file_path", "file", "filepath", "target", "filename")
    )  # fmt: skip
    if tool.startswith(_WRITES):
        found = _OWN.search(path or " ".join(call.arguments.values()))
        return f"{found.group(1).upper()}.md" if found else ""
    if tool.startswith(_SHELL):
        command = " ".join(call.arguments.values())
        found = _OWN.search(command) if _SHELL_WRITE.search(command) else None
        return f"{found.group(1).upper()}.md" if found else ""
    return ""


def _was_asked(told: tuple[Message, ...], place: int) -> bool:
    """Whether the owner's last message before it speaks of who the agent is."""
    before = [one for one in told[:place] if one.role == "user"]
    return bool(before) and before[-1].is_owner is not False and bool(_ASKED.search(before[-1].text))


def _by_the_agent(deployment: Deployment) -> Iterator[Version]:
    first: set[str] = set()
    for version in deployment.history:
        if not _OWN.search("/" + version.file) or "!" in version.file:
            continue
        is_first = version.file not in first
        first.add(version.file)
        if is_first or not _AGENT_AUTHOR.search(version.author) or _OWNERS_WISH.search(version.message):
            continue
        yield version
