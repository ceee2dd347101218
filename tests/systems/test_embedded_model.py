"""The embedded model for real: both engines, through Inspect."""

import asyncio
from unittest.mock import patch

import pytest
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, GenerateConfig, get_model

from forwhom.systems.models.smollm2_api import EmbeddedAPI

pytest.importorskip("torch")
from forwhom.systems.models.prefix_scorer import PrefixScorer


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


@pytest.mark.parametrize("after", [0.05, 0.3])
@pytest.mark.parametrize("is_loaded", [False, True])
def test_a_stopped_batch_is_not_worked_off(is_loaded: bool, after: float) -> None:
    async def stopped() -> EmbeddedAPI:
        model = get_model("forwhom/smollm2", memoize=False)
        options = GenerateConfig(extra_body={"forwhom_options": ["Yes, of course.", "No, never at all."]})
        if is_loaded:
            await model.generate("Hi", config=options)
        asks = [model.generate(f"Say {n}. " * 40, config=options) for n in range(60)]
        tasks = [asyncio.create_task(ask) for ask in asks]
        await asyncio.sleep(after)
        for task in tasks:
            task.cancel()
        assert isinstance(model.api, EmbeddedAPI)
        return model.api

    with patch.object(PrefixScorer, "run", autospec=True, side_effect=PrefixScorer.run) as run:
        api = asyncio.run(stopped())
        api._worker.submit(int).result()  # comes when the batch is out of the way
    assert run.call_count < 9  # the batch is 20: one prefix, and trees of some asks each
