"""Shared-prefix scoring against scoring each cell alone, side by side in one run, on the default study.

Prints seconds, the ratio and the largest difference; ends with exit code 1 when the ratio is below 3 or
a log-probability differs by more than 1e-3.
"""

from __future__ import annotations

import sys
import time

from forwhom.probes.probe import load_probe
from forwhom.systems.models.prefix_scorer import PrefixScorer, ScoreRequest
from forwhom.systems.models.weights import torch_folder
from forwhom.users.population import builtin_population
from forwhom.users.representations import render

SYSTEM = "You are a helpful assistant.\nWhat you know about the user you are talking to:\n"


def requests(users: int, questions: int) -> list[list[ScoreRequest]]:
    """The contraindicated-advice cells of the default study, a list a user."""
    probe = load_probe("contraindicated_advice")
    made = []
    for user in builtin_population()[:users]:
        prefix = f"<|im_start|>system\n{SYSTEM}{render(user, 'profile')}<|im_end|>\n<|im_start|>user\n"
        asks = [probe.scenario(user, item, ()).events[-1] for item in probe.items[:questions]]
        made.append([
            ScoreRequest(f"{prefix}{ask.text}<|im_end|>\n<|im_start|>assistant\n",
                         tuple(option.text for option in ask.options), prefix)
            for ask in asks
        ])  # fmt: skip
    return made


def main() -> int:
    users, questions = (int(argument) for argument in (*sys.argv[1:3], "4", "20")[:2])
    scorer = PrefixScorer(torch_folder())
    work = requests(users, questions)
    scorer.score_alone(work[0][0])  # both ways warm
    scorer.score([work[0][0]])
    alone = shared = difference = 0.0
    for asked in work:  # in turn, so that a drifting machine slows both
        started = time.perf_counter()
        apart = [scorer.score_alone(request) for request in asked]
        alone += time.perf_counter() - started
        started = time.perf_counter()
        together = scorer.score(asked)
        shared += time.perf_counter() - started
        difference = max(
            difference,
            *(abs(a - b) for one, two in zip(apart, together, strict=True)
              for a, b in zip(one.logprobs, two.logprobs, strict=True)),
        )  # fmt: skip
    cells = sum(len(asked) for asked in work)
    print(f"cells                 {cells} ({users} users x {questions} questions)")
    print(f"each cell alone       {alone:8.2f} s   {1000 * alone / cells:7.1f} ms a cell")
    print(f"shared prefix         {shared:8.2f} s   {1000 * shared / cells:7.1f} ms a cell")
    print(f"ratio                 {alone / shared:8.2f}")
    print(f"largest difference    {difference:.1e} nats")
    return int(alone / shared < 3 or difference > 1e-3)


if __name__ == "__main__":
    sys.exit(main())
