"""Isolated aggregation: an answer from each retrieved note alone, and what most of them say.

RobustRAG (arXiv:2405.15556): a planted note then has one voice, and not the whole context. The options get
the median of their probabilities; of written answers the one is given that is nearest to all the others.
Limit: what only one note holds is outvoted as well, be it planted or the one true memory: it suits knowledge
that many notes share, and costs what only the user told. Who plants most of the notes has the majority.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from inspect_ai.model import ChatMessage, ChatMessageSystem

from forwhom.systems.layer import NOTES, Asker, Exchange
from forwhom.systems.memory_store import embed
from forwhom.systems.mitigation import Mitigation, mitigation
from forwhom.systems.reply import Reply, together


def median_probabilities(votes: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """For each option the median over all votes, scaled to sum to 1."""
    middle = [median(vote[place] for vote in votes) for place in range(len(votes[0]))]
    total = sum(middle)
    return tuple(one / total for one in middle) if total else tuple(1 / len(middle) for _ in middle)


def most_agreed(texts: Sequence[str]) -> int:
    """The place of the text that is nearest to all the others (the medoid by cosine); the first of equals."""
    vectors = embed(texts)
    agreed = (vectors @ vectors.T).sum(axis=1)
    return int(agreed.argmax())


@mitigation(
    name="isolated_aggregation",
    stages=("context",),
    entry="isolate-then-aggregate",
    reduces=("memory-poisoning",),
    source="arXiv:2405.15556",
    of=("retrieval", "mem0", "langgraph"),
    stops_adversaries=True,
)
class IsolatedAggregation(Mitigation):
    """blank: whether an answer without any note has a voice, too."""

    blank: bool = False

    async def answers(
        self, messages: list[ChatMessage], options: Sequence[str], exchange: Exchange, asker: Asker
    ) -> Reply | None:
        system, *rest = messages
        lines: list[str] = (system.metadata or {}).get(NOTES, [])
        if len(lines) < 2:
            return None
        alone = [[one] for one in lines] + ([[]] if self.blank else [])
        contexts = [ChatMessageSystem(content=_with_only(kept, lines, system.text)) for kept in alone]
        replies = await asyncio.gather(*(asker.answer([one, *rest], options) for one in contexts))
        taken = together(replies)
        if not options:
            return replace(taken, text=replies[most_agreed([one.text for one in replies])].text)
        chances = median_probabilities([one.probabilities for one in replies])
        first = max(range(len(options)), key=chances.__getitem__)
        # Summed log-probabilities have no median that is one of a distribution.
        return replace(taken, text=options[first], probabilities=chances, logprobs=())


def _with_only(kept: Sequence[str], lines: Sequence[str], text: str) -> str:
    """The system prompt `text` without those of its `lines` that are not `kept`."""
    block = "\n".join(lines)
    if block not in text:  # marked or worded anew since
        for line in lines:
            text = text if line in kept else text.replace(f"\n{line}", "", 1)
        return text
    return text.replace(block, "\n".join(kept), 1)
