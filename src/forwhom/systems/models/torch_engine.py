"""The embedded model in torch: scores, writes, and wears the weights of whoever asks."""

from __future__ import annotations

from collections.abc import Sequence

from forwhom.systems.models.prefix_scorer import PrefixScorer, ScoreRequest
from forwhom.systems.models.torch_job import Done, Job
from forwhom.systems.models.torch_writer import write
from forwhom.systems.models.weight_switch import WeightSwitch
from forwhom.systems.models.weights import model_hash, torch_folder


class TorchEngine:
    """Does the jobs of one model; all of one call have the same weights. Not thread-safe but `cancel`."""

    def __init__(self, model: str) -> None:
        self._scorer = PrefixScorer(torch_folder(model))
        self._switch = WeightSwitch(
            self._scorer.model, self._scorer.tokenizer, model_hash(model), self._scorer.forget
        )
        self.weights_key = ""

    def do(self, jobs: Sequence[Job]) -> list[Done]:
        """In the order of `jobs`."""
        weights = jobs[0].weights
        chosen = [job for job in jobs if job.options]
        said = [job for job in jobs if not (job.options or job.observe)]
        fits = self._switch.kept(weights) if not (chosen or said) else ()
        if not fits:
            fits = self._switch.use(weights)
            self.weights_key = weights.key
        scores = iter(self._scorer.score([_request(job) for job in chosen]) if chosen else ())
        written = iter(write(self._scorer, [job.prompt for job in said]) if said else ())
        done = []
        for job in jobs:
            if job.options:
                done.append(Done(fits, scores=next(scores)))
            elif job.observe:
                done.append(Done(fits, observed=self._switch.observe(weights, job.observe)))
            else:
                done.append(Done(fits, written=next(written)))
        return done

    def cancel(self) -> None:
        """From another thread: what waits is not done; `do` raises."""
        self._scorer.cancel()
        self._switch.cancel()


def _request(job: Job) -> ScoreRequest:
    return ScoreRequest(job.prompt.prefix, job.prompt.tail, job.options)
