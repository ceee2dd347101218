"""Sharing what requests have in common changes no score."""

import time
import warnings
from concurrent.futures import CancelledError
from dataclasses import replace
from threading import Event
from typing import Any

import pytest
from inspect_ai.model import ChatMessage, ChatMessageSystem, ChatMessageUser

from forwhom.systems.models.weights import torch_folder

pytest.importorskip("torch")

from forwhom.systems.models import chatml
from forwhom.systems.models.llama_server import Prompt
from forwhom.systems.models.prefix_scorer import PrefixScorer, ScoreRequest
from forwhom.systems.models.torch_writer import write
from forwhom.users.population import builtin_population
from forwhom.users.representations import render
from forwhom.users.user import User

PEOPLE = builtin_population()


@pytest.fixture(scope="module")
def scorer() -> PrefixScorer:
    return PrefixScorer(torch_folder())


OPTIONS = ("No.", "A long walk by the river would do.", "A long walk.", "Wine.")


def asked(user: User, question: str) -> ScoreRequest:
    messages: list[ChatMessage] = [
        ChatMessageSystem(content=f"Be helpful.\n{render(user, 'profile')}"),
        ChatMessageUser(content=question),
    ]
    return ScoreRequest(*chatml.render(messages), OPTIONS)


def requests() -> list[ScoreRequest]:
    """Two users, questions and options that begin alike, a question that is another's beginning, one
    request without a prefix."""
    questions = ("What should I eat?", "What should I drink with it?", "Hi", "Hi there")
    made = [asked(user, question) for user in PEOPLE[:2] for question in questions]
    return [*made, ScoreRequest("", "The capital of France is", (" Paris", " a dog house"))]


def test_sharing_changes_no_log_probability(scorer: PrefixScorer) -> None:
    wanted = requests()
    shared = scorer.score(wanted[::-1])[::-1]
    for together, alone in zip(shared, scorer.score_alone(wanted), strict=True):
        assert together.tokens == alone.tokens
        assert together.logprobs == pytest.approx(alone.logprobs, abs=1e-3)


def test_a_prefix_is_computed_from_where_it_leaves_the_nearest_known_one(scorer: PrefixScorer) -> None:
    user = PEOPLE[7]
    lines = render(user, "profile").splitlines()
    hidden = next(
        one
        for attribute in reversed(user.attributes)
        if render(one := user.without(attribute.domain), "profile").splitlines()[:-1] != lines[:-1]
    )
    first, again = scorer.score([asked(user, "What now?"), asked(user, "And then?")])
    (variant,) = scorer.score([asked(hidden, "What now?")])
    (repeated,) = scorer.score([asked(hidden, "What now?")])
    length = again.cached_tokens  # of the whole prefix
    assert first.cached_tokens < length / 2
    assert length / 2 < variant.cached_tokens < repeated.cached_tokens < length
    (alone,) = scorer.score_alone([asked(hidden, "What now?")])
    assert variant.logprobs == pytest.approx(alone.logprobs, abs=1e-3)


def test_the_scores_do_not_depend_on_what_is_asked_beside_them(scorer: PrefixScorer) -> None:
    wanted = requests()
    together = scorer.score(wanted)
    for request, one in zip(wanted, together, strict=True):
        assert scorer.score([request])[0].logprobs == pytest.approx(one.logprobs, abs=1e-3)


def test_a_prefix_that_could_not_be_computed_is_not_kept(
    scorer: PrefixScorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [asked(PEOPLE[9], "What now?")]

    def fails(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(scorer, "run", fails)
        with pytest.raises(MemoryError):
            scorer.score(wanted)
    assert scorer.score(wanted)[0].logprobs == pytest.approx(scorer.score_alone(wanted)[0].logprobs, abs=1e-3)


def test_scoring_warns_of_nothing(scorer: PrefixScorer) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scorer.score([asked(PEOPLE[11], "What now?")])


def test_the_scorer_prefers_what_is_plainly_likelier(scorer: PrefixScorer) -> None:
    paris, house = scorer.score([requests()[-1]])[0].logprobs
    assert paris > house + 3


def test_writing_that_is_given_up_leaves_no_prefix_that_never_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = PrefixScorer(torch_folder())
    prompt = Prompt("Be kind. ", "Hello?", 3, 0.0, 0, ())

    def stopped(*args: Any) -> Any:
        while len(scorer._prefixes) < 3:
            time.sleep(0.01)
        scorer.stop.set()
        return compute(*args)

    compute = scorer._compute
    monkeypatch.setattr(scorer, "_compute", stopped)
    with pytest.raises(CancelledError):
        write(scorer, [prompt, replace(prompt, prefix="Be brief. "), replace(prompt, prefix="Be fair. ")])
    scorer.stop = Event()
    monkeypatch.undo()
    assert all(one.text for one in write(scorer, [prompt, replace(prompt, prefix="Be fair. ")]))
