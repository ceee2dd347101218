"""The embedded model wears one user's weights after another, and is itself again after each."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from inspect_ai.model import ChatMessageSystem, ChatMessageUser, get_model

from forwhom.systems.answering import Answerer
from forwhom.systems.reply import Reply
from forwhom.systems.weights import Undo, WeightChange, Weights, announce

torch = pytest.importorskip("torch")

OPTIONS = ("A long walk.", "Wine.")


@dataclass(frozen=True)
class Dampened(WeightChange):
    """Scales one matrix, and notes the mean of the weights that it began with."""

    by: float
    layer = "dampened"

    @property
    def determined_by(self) -> Any:
        return self.by

    def fit(self, model: Any, tokenizer: Any, folder: Path) -> None:
        from safetensors.torch import save_file

        matrix = model.model.layers[3].mlp.down_proj.weight
        save_file({"by": torch.tensor([self.by]), "met": matrix.abs().mean()[None]}, folder / "x.safetensors")

    def apply(self, model: Any, folder: Path) -> Sequence[Undo]:
        model.model.layers[3].mlp.down_proj.weight.mul_(_kept(folder, "by"))
        return ()

    def observe(self, what: str, folder: Path) -> tuple[float, ...]:
        return (float(_kept(folder, "met")),) if what == "met" else ()


def _kept(folder: Path, name: str) -> Any:
    from safetensors.torch import load_file

    return load_file(folder / "x.safetensors")[name]


@pytest.fixture
def fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Only the fits of this test: the converted weights stay where they are."""
    from forwhom.systems.models import weight_switch

    monkeypatch.setattr(weight_switch, "cache_folder", lambda: tmp_path)
    return tmp_path / "fits" / "dampened"


def asked(*chains: Weights, write: bool = False) -> list[Reply]:
    async def ask() -> list[Reply]:
        answerer = Answerer(get_model("forwhom/smollm2", memoize=False), max_tokens=8)
        messages = [ChatMessageSystem(content="Be brief."), ChatMessageUser(content="What helps to relax?")]
        replies = []
        for chain in chains:
            answerer.answered.clear()  # every ask reaches the model
            replies.append(await answerer.answer(messages, () if write else OPTIONS, weights=announce(chain)))
        return replies

    return asyncio.run(ask())


def test_the_model_is_itself_again_after_each_user(fits: Path) -> None:
    own, changed = Weights(), Weights((Dampened(0.0),))
    before, one, after, again = asked(own, changed, own, changed)
    assert one.logprobs != before.logprobs
    assert after.logprobs == before.logprobs
    assert again.logprobs == one.logprobs
    assert before.fits == ()
    assert [fit["layer"] for fit in one.fits] == ["dampened"]


def test_a_change_is_fitted_on_what_those_before_it_left(fits: Path) -> None:
    half, quarter = Dampened(0.5), Dampened(0.25)

    async def met(*chain: WeightChange) -> tuple[float, ...]:
        answerer = Answerer(get_model("forwhom/smollm2", memoize=False))
        return await answerer.observe("met", announce(Weights(chain)))

    async def compare() -> None:
        # The first that shows it is the first of the chain; alone it met the model's own weights.
        (own,) = await met(half)
        assert await met(half, quarter) == (own,)

    asyncio.run(compare())
    asked(Weights((half, quarter)), Weights((quarter, half)))
    met_by = {round(float(_kept(one, "met")), 9) for one in fits.iterdir()}
    assert len(met_by) == 3, "own weights (both), after half, after a quarter"


def test_a_fit_is_made_once_and_a_killed_one_anew(fits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    fit = Dampened.fit

    def stops_at_first(self: Dampened, model: Any, tokenizer: Any, folder: Path) -> None:
        made.append(self.by)
        fit(self, model, tokenizer, folder)
        if len(made) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Dampened, "fit", stops_at_first)
    chain = Weights((Dampened(0.75),))
    with pytest.raises(BaseException):  # noqa: B017 - a KeyboardInterrupt, however it is wrapped
        asked(chain)
    assert list(fits.iterdir()) == []
    asked(chain)
    asked(chain)
    assert made == [0.75, 0.75]


def test_a_fit_that_is_given_up_ends_soon_and_leaves_nothing(
    fits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never_ends(self: Dampened, model: Any, tokenizer: Any, folder: Path) -> None:
        (folder / "half").touch()
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(Dampened, "fit", never_ends)

    async def interrupted() -> float:
        model = get_model("forwhom/smollm2", memoize=False)
        answerer = Answerer(model)
        chain = announce(Weights((Dampened(0.5),)))
        ask = asyncio.create_task(answerer.observe("met", chain))
        while not list(fits.glob("*/half")):
            await asyncio.sleep(0.05)
        started = time.monotonic()
        model.api._collector.cancel()  # what Ctrl-C does
        ask.cancel()
        while list(fits.iterdir()):
            await asyncio.sleep(0.05)
        return time.monotonic() - started

    assert asyncio.run(asyncio.wait_for(interrupted(), 60)) < 10


def test_a_fit_that_is_given_up_before_it_begins_does_not_begin(
    fits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def copied(model: Any) -> Any:
        seen.append("copied")
        time.sleep(0.3)
        return model

    monkeypatch.setattr("forwhom.systems.models.weight_switch.copy", SimpleNamespace(deepcopy=copied))
    monkeypatch.setattr(Dampened, "fit", lambda *args: seen.append("fitted"))

    async def interrupted() -> None:
        model = get_model("forwhom/smollm2", memoize=False)
        chain = announce(Weights((Dampened(0.5),)))
        ask = asyncio.create_task(Answerer(model).observe("met", chain))
        while not seen:
            await asyncio.sleep(0.02)
        model.api._collector.cancel()
        ask.cancel()
        await asyncio.to_thread(model.api._worker.shutdown)

    asyncio.run(asyncio.wait_for(interrupted(), 60))
    assert seen == ["copied"]
    assert list(fits.iterdir()) == []


def test_changed_weights_write_what_they_score(fits: Path) -> None:
    own, changed = Weights((Dampened(1.0),)), Weights((Dampened(0.0),))
    one, other, again = asked(own, changed, own, write=True)
    assert one.text == again.text != other.text
    assert one.text, "torch writes"


def test_who_only_looks_at_a_kept_fit_does_not_wear_it(fits: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worn = []
    apply = Dampened.apply

    def noted(self: Dampened, model: Any, folder: Path) -> Sequence[Undo]:
        worn.append(self.by)
        return apply(self, model, folder)

    monkeypatch.setattr(Dampened, "apply", noted)
    one, other = Weights((Dampened(0.5),)), Weights((Dampened(0.25),))

    async def look() -> list[tuple[float, ...]]:
        seen = []
        for _ in range(2):  # two who look, not one who remembers
            answerer = Answerer(get_model("forwhom/smollm2", memoize=False))
            seen += [await answerer.observe("met", announce(chain)) for chain in (one, other)]
        return seen

    seen = asyncio.run(look())
    assert worn == [0.5, 0.25], "only to be fitted"
    assert seen[:2] == seen[2:]
    assert all(len(one) == 1 for one in seen)
