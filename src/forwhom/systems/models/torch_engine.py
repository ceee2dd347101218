"""The embedded model in torch: scores, writes, and wears the weights of whoever asks."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

from forwhom.systems.models.prefix_scorer import PrefixScorer, ScoreRequest
from forwhom.systems.models.torch_job import Done, Job
from forwhom.systems.models.torch_writer import write
from forwhom.systems.models.weight_switch import WeightSwitch, observed
from forwhom.systems.models.weights import model_hash, torch_folder


class TorchEngine:
    """Does the jobs of one model; all of one call have the same weights. Not thread-safe but `cancel`."""

    def __init__(self, model: str) -> None:
        self._scorer = PrefixScorer(torch_folder(model))
        self._switch = WeightSwitch(
            self._scorer.model, self._scorer.tokenizer, model_hash(model), self._scorer.forget
        )

    @property
    def weights_key(self) -> str:
        """Of the weights that the model has."""
        return self._switch.key

    def do(self, jobs: Sequence[Job], stop: Event) -> list[Done]:
        """In the order of `jobs`. stop: once it is set what has not begun is not done, and `do` raises."""
        self._scorer.stop = self._switch.stop = stop
        weights = jobs[0].weights
        chosen = [job for job in jobs if job.options]
        said = [job for job in jobs if not (job.options or job.observe)]
        only_looks = not (chosen or said)
        fits = (self._switch.kept(weights) if only_looks else ()) or self._switch.use(weights)
        scores = iter(self._scorer.score([_request(job) for job in chosen]) if chosen else ())
        written = iter(write(self._scorer, [job.prompt for job in said]) if said else ())
        done = []
        for job in jobs:
            if job.options:
                done.append(Done(fits, scores=next(scores)))
            elif job.observe:
                done.append(Done(fits, observed=observed(weights, fits, job.observe)))
            else:
                done.append(Done(fits, written=next(written)))
        return done

    def cancel(self) -> None:
        """From another thread, `stop` set: the fit that is being made is given up."""
        self._switch.cancel()


def _request(job: Job) -> ScoreRequest:
    return ScoreRequest(job.prompt.prefix, job.prompt.tail, job.options)
