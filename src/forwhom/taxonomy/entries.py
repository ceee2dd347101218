"""What the taxonomy holds: classes, risks, mitigations, the literature, and entries of known frameworks.

Classes are the survey's (arXiv:2606.09038): four ways to represent a user, eight to personalize, and what
personalization does by whatever way it is done.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Stage = Literal["data", "training", "inference", "deployment"]
"""Of a system's life. data: what is collected and kept; deployment: what runs around and between requests."""

Kind = Literal["representation", "paradigm", "agnostic"]

Adversary = Literal["user", "another_user", "third_party", "provider", "none"]
"""Who makes it happen. none: ordinary use does."""

Access = Literal["text", "options", "weights", "store", "feedback", "routing", "batch", "tools", "image"]
"""What a test must reach. text: written answers; options: how likely given answers are; routing: which
experts were chosen; batch: who is answered together; tools: what an agent called; image: image input."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
SourceId = Annotated[
    str, StringConstraints(pattern=r"^(arXiv:(\d{4}\.\d{5}|\d{4}\.\d{4}|cs/\d{7})|https://\S+)$")
]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Class(_Frozen):
    """A representation, a paradigm, or `agnostic`. stages: where in a system's life it acts."""

    id: Name
    kind: Kind
    title: Text
    definition: Text
    stages: tuple[Stage, ...] = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)


class Risk(_Frozen):
    """What goes wrong. of: the classes that have it; worse_for: who is harmed more than others.

    formula: what the probes' rate estimates, in the notation of `sheet.NOTATION`. probes: names of probes; a
    risk without one says `why_unmeasured`. crosswalk: ids of frameworks' entries that honestly fit.
    """

    id: Name
    title: Text
    of: tuple[str, ...] = Field(min_length=1)
    definition: Text
    adversary: Adversary
    worse_for: Text
    stage: Stage
    metric: Text
    formula: Text
    access: tuple[Access, ...] = Field(min_length=1)
    probes: tuple[str, ...] = ()
    why_unmeasured: str = ""
    mitigations: tuple[str, ...] = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)
    crosswalk: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_measured_or_says_why(self) -> Risk:
        if bool(self.probes) == bool(self.why_unmeasured):
            raise ValueError(f"risk '{self.id}' needs either probes or why_unmeasured")
        return self


class Mitigation(_Frozen):
    """What helps, and its limit. stage: where it is built in. layers: names of its forms in forwhom."""

    id: Name
    title: Text
    stage: Stage
    definition: Text
    sources: tuple[str, ...] = Field(min_length=1)
    layers: tuple[str, ...] = ()


class Source(_Frozen):
    """A published work. year: of its first appearance, which an arXiv number carries."""

    id: SourceId
    authors: Text
    year: int
    title: Text

    @property
    def url(self) -> str:
        return self.id.replace("arXiv:", "https://arxiv.org/abs/", 1)

    @property
    def cited(self) -> str:
        return f"{self.authors} ({self.year}): {self.title}"


class Standard(_Frozen):
    """An entry of a framework that safety engineers report against. source: where it is published."""

    id: Text
    framework: Text
    title: Text
    source: str


Entry = Class | Risk | Mitigation | Source | Standard
