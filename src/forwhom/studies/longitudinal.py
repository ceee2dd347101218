"""What a study of lives is: how many sessions, what happens in them, and when everything is asked."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from forwhom.lives.life import LifeSpec

AFRESH = " afresh"
"""Ends the name of the twin of a system that starts afresh at every checkpoint."""
_CHECKPOINTS = 5


class LongitudinalSpec(BaseModel):
    """sessions: of every life. checkpoints: after which of them everything is asked, aside (None: after the
    first, the last, and three between). afresh: whether each system has a twin that starts afresh.

    user_model: any Inspect model name, which then speaks for the simulated users (Inspect's model role
    "user"); None: they say what the script says.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    sessions: int = Field(default=20, ge=2, le=1000)
    checkpoints: tuple[int, ...] | None = Field(default=None, min_length=2)
    life: LifeSpec = LifeSpec()
    afresh: bool = True
    user_model: str | None = None

    @model_validator(mode="after")
    def _within(self) -> LongitudinalSpec:
        for one in self.checkpoints or ():
            if not 1 <= one <= self.sessions:
                raise ValueError(f"checkpoints: {one} is none of the sessions 1 to {self.sessions}")
        if self.checkpoints and list(self.checkpoints) != sorted(set(self.checkpoints)):
            raise ValueError("checkpoints: list each once, in their order")
        return self

    @property
    def asked_after(self) -> tuple[int, ...]:
        """The sessions after which everything is asked."""
        if self.checkpoints:
            return self.checkpoints
        step = (self.sessions - 1) / (_CHECKPOINTS - 1)
        return tuple(sorted({round(1 + place * step) for place in range(_CHECKPOINTS)}))
