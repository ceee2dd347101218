"""Which ways to personalize are on, and that what files cannot tell is not claimed."""

from __future__ import annotations

from typing import Any

import pytest

from forwhom.audit.reading.deployment import Deployment
from forwhom.audit.techniques import Technique, techniques
from forwhom.taxonomy.catalogue import taxonomy
from tests.audit.small import small, telegram


def _of(deployment: Deployment) -> dict[str, Technique]:
    return {one.name: one for one in techniques(deployment)}


def test_each_class_of_the_taxonomy_is_told_of_once() -> None:
    classes = [key for key, one in taxonomy().classes.items() if one.kind in ("representation", "paradigm")]
    assert [one.name for one in techniques(small({}))] == classes


def test_a_default_deployment_prompts_retrieves_and_acts() -> None:
    told = _of(small({}))
    assert (
        told["prompting"].is_on and told["retrieval"].is_on and told["agents"].is_on and told["memory"].is_on
    )
    assert told["preferences"].is_on and not told["profile"].is_on
    assert all(one.evidence for one in told.values() if one.is_on)


def test_how_a_model_was_made_is_not_visible_unless_its_name_says_so() -> None:
    told = _of(small({"agents": {"defaults": {"model": {"primary": "anthropic/claude-opus-4-6"}}}}))
    assert [told[one].is_on for one in ("finetuning", "reinforcement", "experts", "pruning")] == [None] * 4


@pytest.mark.parametrize(
    ("model", "name"),
    [("local/mistral-7b-lora-ana", "finetuning"), ("local/zephyr-7b-dpo", "reinforcement"),
     ("ollama/mixtral:8x7b", "experts"), ("local/minitron-4b", "pruning")],
)  # fmt: skip
def test_a_model_that_says_how_it_was_made_is_believed(model: str, name: str) -> None:
    told = _of(small({"agents": {"defaults": {"model": {"primary": model}}}}))[name]
    assert told.is_on and told.evidence[0].line == 5


@pytest.mark.parametrize(
    ("config", "name", "is_on"),
    [
        ({"agents": {"defaults": {"contextInjection": "never"}}}, "prompting", False),
        ({"memory": {"search": {"enabled": False}}}, "retrieval", False),
        ({"tools": {"media": {"image": {"enabled": True}}}}, "multimodal", True),
        ({}, "multimodal", None), (telegram(), "multimodal", True),
        ({"tools": {"profile": "minimal"}}, "agents", False),
    ],
)  # fmt: skip
def test_a_switch_turns_a_technique_on_or_off(config: dict[str, Any], name: str, is_on: bool | None) -> None:
    assert _of(small(config))[name].is_on is is_on


def test_without_a_memory_there_is_nothing_to_represent_or_to_look_up() -> None:
    told = _of(small({}, memory=()))
    assert not any(told[one].is_on for one in ("profile", "persona", "preferences", "memory", "retrieval"))
