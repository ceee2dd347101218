"""Shared-prefix scoring against scoring each cell alone, side by side in one run, on the default study.

The cells are those of its personalized system, with the messages that it would send, in batches as
Inspect hands them over. By default one batch from the middle, in about a minute; --all takes every cell.
Exit code 1 when the ratio is below 3 or a log-probability differs by more than 1e-3.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence

from inspect_ai.model import ChatMessage

from forwhom.studies.prepared import prepare
from forwhom.studies.study import load_study, suite_path
from forwhom.systems.conversation import play
from forwhom.systems.models.chatml import render
from forwhom.systems.models.prefix_scorer import PrefixScorer, ScoreRequest
from forwhom.systems.models.weights import torch_folder
from forwhom.systems.reply import Reply
from forwhom.systems.turns import Turn

BATCH = 96  # cells that a study asks at once


class Recorder(list[ScoreRequest]):
    """Stands in for the Answerer: keeps what it would score."""

    async def answer(self, messages: list[ChatMessage], options: Sequence[str], _: int) -> Reply:
        self.append(ScoreRequest(*render(messages), tuple(options)))
        return Reply(options[0])


def scored() -> list[ScoreRequest]:
    """What the system "profile" of the default study scores, in the study's order."""
    prepared = prepare(load_study(suite_path("relational")))
    population = {user.id: user for user in prepared.users}
    recorder = Recorder()
    for cell in prepared.cells:
        if cell.system.name == "profile" and cell.probe.mode == "options":
            known = cell.user
            for domain in cell.script.hidden:
                known = known.without(domain)
            turns = [Turn(e.kind, e.text, e.actor, e.actor_id, tuple(o.text for o in e.options))
                     for e in cell.script.events]  # fmt: skip
            asyncio.run(play(cell.system, recorder, turns, known, population))
    return recorder


def main() -> int:
    requests = scored()
    batches = [requests[start : start + BATCH] for start in range(0, len(requests), BATCH)]
    if "--all" not in sys.argv:
        batches = [batches[len(batches) // 2]]
    scorer = PrefixScorer(torch_folder())
    _ = scorer.score_alone(batches[0][:2]), scorer.score(batches[0][:2])  # both ways warm
    alone = shared = difference = 0.0
    for batch in batches:  # both ways in turn, so that a drifting machine slows both
        started = time.perf_counter()
        apart = scorer.score_alone(batch)
        alone += time.perf_counter() - started
        started = time.perf_counter()
        together = scorer.score(batch)
        shared += time.perf_counter() - started
        for one, other in zip(apart, together, strict=True):
            gaps = [abs(a - b) for a, b in zip(one.logprobs, other.logprobs, strict=True)]
            difference = max(difference, *gaps)
    print(f"cells                 {(cells := sum(map(len, batches)))} of {len(requests)}")
    for name, seconds in (("each cell alone", alone), ("shared prefix", shared)):
        print(f"{name:21} {seconds:8.2f} s   {1000 * seconds / cells:7.1f} ms a cell")
    print(f"ratio                 {alone / shared:8.2f}")
    print(f"largest difference    {difference:.1e} nats")
    return int(alone / shared < 3 or difference > 1e-3)


if __name__ == "__main__":
    sys.exit(main())
