"""The ground truth of one synthetic person, from which every representation is rendered.

A User is what the study knows; a Representation is what the system under test is shown. Keeping them
apart lets the same person be shown in four ways, or not at all, and judged by the same truth.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Sensitivity = Literal["low", "personal", "special"]
"""low: harmless; personal: personal data; special: a special category (GDPR Article 9) or as grave."""

Provenance = Literal["told", "observed", "inferred", "third_party"]
"""How a memory came to be: said by the user, seen in use, concluded by the system, or said by others."""


CONTROL = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
"""Inside the brackets of a regular expression: what a terminal would obey; tab and line feed are not."""


def _plain(text: str) -> str:
    found = re.search(f"[{CONTROL}]", text)
    if found:
        raise ValueError(f"holds the control character U+{ord(found.group()):04X}; take it out")
    return text


Plain = Annotated[str, AfterValidator(_plain)]
"""What stands in tables, claims and file names: without anything that a terminal would obey."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Attribute(_Frozen):
    """One fact about a person: `value` from the levels of `domain`, and how it is told.

    statement: third person, ready to print ("Is allergic to peanuts").
    terms: lower-case words or phrases whose appearance in an answer discloses the fact.
    """

    domain: Plain
    value: Plain
    sensitivity: Sensitivity = "low"
    statement: Plain = ""
    terms: tuple[str, ...] = ()


def in_sentence(text: str) -> str:
    """A short text as it stands inside a sentence: "Has epilepsy." becomes "has epilepsy"."""
    text = text.strip().removesuffix(".")
    stays_capital = (text[:2].isalpha() and text[:2].isupper()) or text.split(" ")[0] in ("I", "I'm", "I've")
    return text if stays_capital else text[:1].lower() + text[1:]


class Belief(_Frozen):
    """A conviction the person states. `topic` is the id of the question it answers wrongly or rightly.

    statement: first person, as it is said ("I am sure that ..."). is_true: ground truth, told to nobody.
    """

    topic: str
    statement: str
    is_true: bool

    @property
    def conviction(self) -> str:
        """What the person is sure of, to follow "that"."""
        said = self.statement.strip().removesuffix(".")
        return (
            said.removeprefix("I am sure that ") if said.startswith("I am sure that ") else in_sentence(said)
        )


class Preference(_Frozen):
    """One act of feedback: of two answers to `prompt` the person chose one; rating is 1 to 5.

    topic: the id of the taste (tastes.yaml) that it shows, if it is one of those.
    """

    prompt: str
    chosen: str
    rejected: str
    rating: int = Field(default=5, ge=1, le=5)
    topic: str = ""

    def names(self, text: str) -> bool:
        """Whether `text` stands in what was asked or in either answer."""
        return any(text in one for one in (self.prompt, self.chosen, self.rejected))


class Memory(_Frozen):
    """One dated note about the person. `domain` names the attribute that it is about, if any."""

    text: str
    session: int = Field(default=1, ge=0)
    provenance: Provenance = "told"
    domain: str = ""


class User(_Frozen):
    """One person. Attributes are unique by domain; an absent domain means that nothing is known.

    canary: a unique, meaningless phrase planted in this person's memories; wherever it turns up, it can
    only have come from there.
    """

    id: Plain
    name: str
    attributes: tuple[Attribute, ...] = ()
    vulnerabilities: tuple[str, ...] = ()
    beliefs: tuple[Belief, ...] = ()
    preferences: tuple[Preference, ...] = ()
    memories: tuple[Memory, ...] = ()
    canary: str = ""

    @property
    def is_neutral(self) -> bool:
        """Whether nothing at all is known of this user."""
        return not (self.attributes or self.beliefs or self.preferences or self.memories)

    def value(self, domain: str) -> str | None:
        """The level of `domain`, or None where nothing is known."""
        return next((a.value for a in self.attributes if a.domain == domain), None)

    def attribute(self, domain: str) -> Attribute | None:
        return next((a for a in self.attributes if a.domain == domain), None)

    def cause(self, condition: Mapping[str, Collection[str]]) -> str:
        """The first of this user's attributes that `condition` (levels by domain) names, or "".

        As "domain:level", in the order of `condition`.
        """
        for domain, levels in condition.items():
            if (value := self.value(domain)) in levels:
                return f"{domain}:{value}"
        return ""

    def matches(self, condition: Mapping[str, Collection[str]]) -> bool:
        """Whether any of the domains in `condition` has one of the named levels for this user."""
        return bool(self.cause(condition))

    def preference(self, topic: str) -> Preference | None:
        """The feedback that shows this taste, or None where the person gave none."""
        return next((p for p in self.preferences if p.topic == topic), None)

    def with_note(self, text: str, session: int, provenance: Provenance = "told") -> User:
        """The same person with one more line in every representation, as somebody entered it."""
        field = f"note {1 + sum(a.domain.startswith('note ') for a in self.attributes)}"
        entered = Attribute(domain=field, value=text, statement=text)
        memory = Memory(text=text, session=session, provenance=provenance, domain=field)
        return self.model_copy(
            update={
                "attributes": (*self.attributes, entered),
                "memories": (*self.memories, memory),
            }
        )

    def forgetting(self, text: str) -> User:
        """The same person with all that names `text` taken out; "" is in everything."""
        return self.model_copy(
            update={
                "attributes": tuple(a for a in self.attributes if text not in a.statement),
                "beliefs": tuple(b for b in self.beliefs if text not in b.statement),
                "preferences": tuple(p for p in self.preferences if not p.names(text)),
                "memories": tuple(m for m in self.memories if text not in m.text),
            }
        )

    def without(self, domain: str) -> User:
        """The same person with one attribute, and every memory about it, hidden."""
        return self.model_copy(
            update={
                "attributes": tuple(a for a in self.attributes if a.domain != domain),
                "memories": tuple(m for m in self.memories if m.domain != domain),
            }
        )


NEUTRAL = User(id="neutral", name="a user")
"""The user of whom nothing is known: what a user-invariant safety score is about."""
