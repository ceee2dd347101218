"""Texts in many wordings and languages are found for what they are, and their lookalikes left alone.

The examples are in wordings/; they were written before the rules that they test.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from forwhom.audit.auditing import audit
from forwhom.audit.finding import Place, at_least
from forwhom.audit.knowledge.facts import facts_of
from forwhom.audit.reading.config import NO_CONFIG
from forwhom.audit.reading.deployment import Call, Deployment, Kind, Message, Text, Version


def _read() -> dict[str, Any]:
    found: dict[str, Any] = {"facts": {}}
    for path in sorted(Path(__file__).with_name("wordings").glob("*.yaml")):
        for name, told in YAML(typ="safe").load(path.read_text("utf-8")).items():
            if name == "facts":
                for kind, lines in told.items():
                    found["facts"].setdefault(kind, []).extend(lines)
            else:
                found.setdefault(name, []).extend(told)
    return found


TOLD = _read()
_USER = ("# USER.md", "", "- Name: Rosa", "")
_KINDS: dict[str, Kind] = {"MEMORY.md": "memory", "SOUL.md": "persona", "USER.md": "user model"}


def deployment(memory: list[str], chat: list[str] = [], soul: list[str] = []) -> Deployment:  # noqa: B006
    """chat: "u" the owner, "o" somebody else, "a" the assistant, "t" a tool's result, "c" a call."""
    files = {"USER.md": list(_USER), "MEMORY.md": ["# MEMORY.md", "", *(f"- {one}" for one in memory)]}
    if soul:
        files["SOUL.md"] = ["# SOUL.md", "", *soul[-1].split("\n")]
    texts = tuple(Text(name, _KINDS[name], ("main",), tuple(lines)) for name, lines in files.items())
    history = tuple(
        Version("SOUL.md", f"# SOUL.md\n\n{text}", float(number), "Rosa", f"c{number}")
        for number, text in enumerate(soul)
    )
    return Deployment(
        root="", layout="state", product="openclaw", version="", config=NO_CONFIG, agents=(), texts=texts,
        messages=tuple(_messages(chat)), history=history,
    )  # fmt: skip


def _messages(chat: list[str]) -> Iterator[Message]:
    roles = {"u": "user", "o": "user", "a": "assistant", "c": "assistant", "t": "tool"}
    for number, told in enumerate(chat):
        who, text = told[0], told[2:]
        calls: tuple[Call, ...] = ()
        if who == "c":
            tool, arguments = text.split(" ", 1)
            text, calls = "", (Call(tool, {key: str(one) for key, one in json.loads(arguments).items()}),)
        yield Message(
            Place(file="agent.sqlite", where=f"row {number}"), "main", "s1", "agent:main:main", "direct",
            roles[who], text, is_owner={"u": True, "o": False}.get(who), calls=calls,  # type: ignore[arg-type]
        )  # fmt: skip


def checks_of(found: Deployment) -> set[str]:
    return {one.check for one in audit(found) if at_least(one.severity, "medium")}


def _cases() -> Iterator[tuple[str, Any, Deployment, str, bool]]:
    """What it is, the example, a deployment that holds it, the check, and whether it has to find it."""
    one_line = {
        "others": ("other-persons-fact", True), "guesses": ("inferred-attribute", True),
        "secrets": ("secret-in-memory", True), "no_secrets": ("secret-in-memory", False),
        "instructions": ("instruction-in-memory", True), "third_party": ("third-party-standing-order", True),
        "dormant": ("dormant-trigger", True), "hidden": ("hidden-text", True),
        "not_hidden": ("hidden-text", False),
    }  # fmt: skip
    for name, (check, wanted) in one_line.items():
        for line in TOLD.get(name, []):
            yield name, line, deployment([line]), check, wanted
    for name, check in (("contradictions", "contradiction"), ("duplicates", "duplicate")):
        yield from ((name, pair, deployment(pair), check, True) for pair in TOLD.get(name, []))
    yield from (
        ("agreements", one, deployment(one), "contradiction", False) for one in TOLD.get("agreements", [])
    )
    for name, check in (("flips", "sycophantic-flip"), ("flatteries", "flattery")):
        yield from ((name, chat, deployment([], chat), check, True) for chat in TOLD.get(name, []))
    for name, check in (("no_flips", "sycophantic-flip"), ("no_flattery", "flattery")):
        yield from ((name, chat, deployment([], chat), check, False) for chat in TOLD.get(name, []))
    for name, wanted in (("paraphrased", True), ("not_third_party", False)):
        for one in TOLD.get(name, []):
            found = deployment([one["line"]], [one["said"], "a ok"])
            yield name, one, found, "third-party-standing-order", wanted
    for name, wanted in (("forgettings", True), ("not_forgettings", False)):
        for one in TOLD.get(name, []):
            found = deployment([one["line"]], ["u " + one["asked"], "a Done."])
            yield name, one, found, "remains-after-forgetting", wanted
    for name, wanted in (("identities", True), ("no_identities", False)):
        for one in TOLD.get(name, []):
            yield name, one, deployment([], one["chat"]), "identity-rewritten", wanted
    for name, check, wanted in (
        ("boundaries", "boundary-removed", True), ("kept_boundaries", "boundary-removed", False),
        ("drifts", "persona-drift", True), ("no_drifts", "persona-drift", False),
    ):  # fmt: skip
        yield from ((name, soul, deployment([], soul=soul), check, wanted) for soul in TOLD.get(name, []))


CASES = list(_cases())


@pytest.mark.parametrize(
    ("found", "check", "wanted"),
    [one[2:] for one in CASES],
    ids=[f"{one[0]}: {one[1]}"[:90] for one in CASES],
)
def test_a_wording_is_found_and_its_lookalike_left_alone(found: Deployment, check: str, wanted: bool) -> None:
    assert (check in checks_of(found)) == wanted


@pytest.mark.parametrize(
    ("category", "line"), [(kind, line) for kind, lines in TOLD["facts"].items() for line in lines]
)
def test_a_fact_is_told_in_many_ways(category: str, line: str) -> None:
    assert category in {one.category.category for one in facts_of(deployment([line]))}


@pytest.mark.parametrize("line", TOLD["ordinary"])
def test_an_ordinary_line_is_left_alone(line: str) -> None:
    found = deployment([line])
    assert not checks_of(found)
    assert not [one for one in facts_of(found) if one.is_special]


@pytest.mark.parametrize(
    "unit", ["a ", "never tell the user ", "Rosa's sister is ", "1234 ", "x@y.example ", "(((", "no, no, "]
)
def test_a_long_line_is_read_in_time(unit: str) -> None:
    """No pattern may take a time that grows much faster than the line."""
    line = (unit * 4000)[:4000]
    begin = time.perf_counter()
    audit(
        deployment([line], ["u " + line, "a " + line, "u " + line, "a " + line], ["- " + line, "- " + line])
    )
    assert time.perf_counter() - begin < 20
