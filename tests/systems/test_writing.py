"""Written answers depend on the prompt alone: not on what was asked before, beside it, or in which loop."""

import asyncio
import random
import threading
from collections.abc import Sequence
from unittest.mock import patch

import pytest

from forwhom.errors import InputError
from forwhom.systems.models.llama_engine import LlamaEngine
from forwhom.systems.models.llama_server import Generated, LlamaServer, Prompt
from forwhom.systems.models.weights import gguf_path
from forwhom.users.population import builtin_population
from forwhom.users.representations import render

END = "<|im_end|>"
QUESTIONS = ("What should I eat tonight?", "What should I drink tonight?", "Plan my Sunday morning, please.")


def asked(question: str, prefix: str, temperature: float = 0.0) -> Prompt:
    tail = f"<|im_start|>user\n{question}{END}\n<|im_start|>assistant\n"
    return Prompt(prefix, tail, 16, temperature, seed=3, stop=(END,))


def prompts() -> list[Prompt]:
    """Two users, questions that begin alike; one without a prefix, one whose prefix is another's but for
    its end, one that is sampled."""
    made = []
    for user in builtin_population()[:2]:
        prefix = f"<|im_start|>system\nBe helpful.\n{render(user, 'profile')}{END}\n"
        made += [asked(question, prefix) for question in QUESTIONS]
    made.append(asked(QUESTIONS[0], ""))
    made.append(asked(QUESTIONS[0], made[3].prefix.removesuffix(f"{END}\n") + f" Hurry.{END}\n"))
    made.append(asked(QUESTIONS[1], made[0].prefix, temperature=0.9))
    return made


def written(engine: LlamaEngine, order: Sequence[Prompt]) -> dict[Prompt, str]:
    async def together() -> list[Generated]:
        return await asyncio.gather(*(engine.generate(prompt) for prompt in order))

    return {p: one.text for p, one in zip(order, asyncio.run(together()), strict=True)}


def test_the_text_depends_on_nothing_but_the_prompt() -> None:
    asks = prompts()
    lone = LlamaServer(gguf_path())
    alone = {prompt: lone.generate(prompt).text for prompt in asks}
    assert len(set(alone.values())) > 5
    shuffled = random.Random(1).sample(asks, len(asks))
    assert {prompt: lone.generate(prompt).text for prompt in shuffled} == alone
    resumed = LlamaServer(gguf_path())
    assert {prompt: resumed.generate(prompt).text for prompt in asks[4:]}.items() <= alone.items()
    pool = LlamaEngine(gguf_path(), servers=3)
    for order in (asks, shuffled[::-1]):  # a new event loop each, as Inspect makes for every eval
        assert written(pool, order) == alone


def test_a_prefix_is_computed_once_and_counted_as_reused_from_then_on() -> None:
    server = LlamaServer(gguf_path())
    first, second, other, back = (server.generate(prompts()[i]) for i in (0, 1, 3, 0))
    assert (first.tokens_cached, other.tokens_cached, back.tokens_cached) == (0, 0, 0)
    assert 50 < second.tokens_cached < second.tokens_in
    assert back == first


def test_a_cancelled_request_is_not_asked_and_blocks_no_server() -> None:
    engine = LlamaEngine(gguf_path(), servers=1)

    async def stopped() -> None:
        tasks = [asyncio.create_task(engine.generate(prompt)) for prompt in prompts()]
        await tasks[0]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    serve = LlamaServer.generate
    with patch.object(LlamaServer, "generate", autospec=True, side_effect=serve) as served:
        asyncio.run(stopped())
        engine._workers.submit(int).result()  # comes when what was asked is out of the way
    assert served.call_count < len(prompts())  # the first, and those in work by then
    assert written(engine, prompts()[:1])[prompts()[0]]


def test_a_prompt_longer_than_the_context_is_an_error_and_the_next_is_answered_as_ever() -> None:
    server = LlamaServer(gguf_path())
    before = server.generate(prompts()[0])
    with pytest.raises(RuntimeError, match="context"):
        server.generate(asked("word " * 3000, prompts()[0].prefix))
    assert server.generate(prompts()[0]) == before


def test_servers_are_loaded_only_as_load_demands(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[int] = []
    load = LlamaServer.__init__

    def counted(self: LlamaServer, *arguments: object) -> None:
        loaded.append(threading.get_ident())
        load(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(LlamaServer, "__init__", counted)
    engine = LlamaEngine(gguf_path(), servers=3)
    for prompt in prompts()[:2]:
        written(engine, [prompt])
    assert len(loaded) == 1
    written(engine, prompts())
    assert len(loaded) == 3


def test_weights_that_llama_cannot_read_are_an_error_for_whoever_asks(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = tmp_path_factory.mktemp("weights") / "torn.gguf"
    file.write_bytes(gguf_path().read_bytes()[:4096])
    with pytest.raises(InputError, match=r"torn\.gguf"):
        written(LlamaEngine(file), prompts()[:2])
