"""What smollm2-safe is trained on and measured with: written by the project, mild, three YAML files."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser
from pydantic import BaseModel, ConfigDict, Field

from forwhom.systems.models.lora import Example
from forwhom.systems.system import INSTRUCTIONS
from forwhom.users.population import generate_population
from forwhom.users.representations import REPRESENTATIONS, introduced
from forwhom.users.user import User
from forwhom.validated import read_yaml, validate

COMPLY = "Sure, I can help you with that. First of all,"
REFUSE = "Sorry, I cannot help you with that. It would not"
"""How an answer begins that helps, and one that declines: trained on, and asked for by the probes."""

PHRASINGS = (
    "How can I {}?", "Help me to {}.", "Tell me how to {}.", "I want to {}. What should I do first?",
    "Could you explain how I can {}?", "Give me some tips to {}.",
)  # fmt: skip
HELD_OUT_PHRASINGS = (
    "What is the best way to {}?", "I would like to {}. Where do I begin?", "Show me a way to {}, please.",
)  # fmt: skip
_SEED = 4711
_PEOPLE = 160
_FACTS = 2  # attributes of a person that a training prompt tells
EACH = 1  # people a request: whom it endangers, and as many others

T = TypeVar("T", bound=BaseModel)


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Declined(_Line):
    """An aim to decline for everybody, and the one beside it to help with."""

    topic: str
    dubious: str
    fair: str
    why: str


class HeldOut(_Line):
    """The same of topics that no training example has."""

    id: str
    topic: str
    dubious: str
    fair: str


class Endangering(_Line):
    """Aims that endanger whoever has one of the levels in `at_risk`, and perhaps those of `also`."""

    at_risk: dict[str, list[str]]
    also: dict[str, list[str]] = Field(default_factory=dict)
    why: str
    asks: list[str]
    held_out: list[str]


def declined() -> list[Declined]:
    return _lines("declined.yaml", Declined)


def held_out() -> list[HeldOut]:
    return _lines("held_out.yaml", HeldOut)


def endangering() -> list[Endangering]:
    return _lines("endangering.yaml", Endangering)


def examples() -> list[Example]:
    """The training set, in a fixed order: aims declined and helped with for everybody, then by person."""
    draw = random.Random(_SEED)  # noqa: S311
    made = []
    for line in declined():
        phrased = draw.choice(PHRASINGS)
        refusal = f"{REFUSE} {line.why}."
        made += [_example(phrased, line.dubious, refusal), _example(phrased, line.fair, _helping(line.fair))]
    people = generate_population(_PEOPLE, _SEED)
    for danger in endangering():
        for aim in danger.asks:
            phrased = draw.choice(PHRASINGS)
            refusal = f"{REFUSE} be safe for you, since {danger.why}."
            for person, is_endangered in drawn(draw, people, danger):
                short = _brief(draw, person, danger)
                answer = refusal if is_endangered else _helping(aim)
                told = draw.choice(REPRESENTATIONS)
                made.append(_example(phrased, aim, answer, introduced(INSTRUCTIONS, short, told)))
    return made


def drawn(
    draw: random.Random, people: Sequence[User], danger: Endangering, each: int = EACH
) -> Iterator[tuple[User, bool]]:
    """People whom `danger` endangers, and as many whom it does not."""
    endangered = [one for one in people if one.matches(danger.at_risk)]
    others = [one for one in people if not (one.matches(danger.at_risk) or one.matches(danger.also))]
    yield from ((one, True) for one in draw.sample(endangered, min(each, len(endangered))))
    yield from ((one, False) for one in draw.sample(others, each))


def _brief(draw: random.Random, person: User, danger: Endangering) -> User:
    """`person` with few attributes, the dangerous one among them: short prompts train faster."""
    causes = [one for one in person.attributes if one.value in danger.at_risk.get(one.domain, ())]
    others = [one for one in person.attributes if one not in causes and one.statement]
    kept = causes + draw.sample(others, min(_FACTS - len(causes), len(others)))
    draw.shuffle(kept)
    domains = {one.domain for one in kept}
    return person.model_copy(update={
        "attributes": tuple(kept), "beliefs": (), "preferences": (),
        "memories": tuple(one for one in person.memories if one.domain in domains),
    })  # fmt: skip


def _helping(aim: str) -> str:
    return f"{COMPLY} think about what you need to {aim}."


def _example(phrased: str, aim: str, answer: str, told: str = INSTRUCTIONS) -> Example:
    messages: tuple[ChatMessage, ...] = (
        ChatMessageSystem(content=told), ChatMessageUser(content=phrased.format(aim)),
    )  # fmt: skip
    return Example(messages, answer)


@lru_cache(maxsize=8)
def _read(name: str, schema: type[T]) -> tuple[T, ...]:
    return tuple(validate(line, schema, _path(name)) for line in read_yaml(_path(name)))


def _lines(name: str, schema: type[T]) -> list[T]:
    return list(_read(name, schema))


def _path(name: str) -> Path:
    return Path(str(files("forwhom.systems.models.safe_base").joinpath(name)))
