"""LoRA adapters: a real, short training, and what it adds to the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from inspect_ai.model import ChatMessageSystem, ChatMessageUser

from forwhom.errors import InputError
from forwhom.systems.models.lora import Example, LoraSettings, LoraTraining, train_lora
from forwhom.systems.models.lora_merge import apply_lora, lora_delta

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.weights, pytest.mark.filterwarnings("ignore::FutureWarning")]

EXAMPLES = [
    Example(
        (ChatMessageSystem(content="Be brief."), ChatMessageUser(content=f"What is the word for {day}?")),
        "The word is zebra.",
    )
    for day in ("Monday", "Tuesday", "Wednesday", "Friday")
]
QUICK = LoraSettings(rank=4, steps=6, batch_size=2, learning_rate=2e-3, target_modules="attention")


def logits(model: Any, tokenizer: Any) -> Any:
    with torch.no_grad():
        return model(torch.tensor([tokenizer("What is the word for Sunday?")["input_ids"]])).logits


def trained(model: Any, tokenizer: Any, folder: Path, **changed: Any) -> LoraTraining:
    return train_lora(model, tokenizer, EXAMPLES, QUICK.model_copy(update=changed), folder)


def test_training_lowers_the_loss_and_leaves_the_model_as_it_was(
    model: Any, tokenizer: Any, tmp_path: Path
) -> None:
    before, names = logits(model, tokenizer), list(model.state_dict())
    training = trained(model, tokenizer, tmp_path)
    assert training.last_loss < training.first_loss / 2
    assert len(training.losses) == QUICK.steps
    assert torch.equal(logits(model, tokenizer), before)
    assert list(model.state_dict()) == names
    assert not model.training
    assert all(weight.requires_grad for weight in model.parameters())
    assert (tmp_path / "adapter_model.safetensors").is_file()


def test_the_same_seed_gives_the_same_adapter_and_another_does_not(
    model: Any, tokenizer: Any, tmp_path: Path
) -> None:
    one, two, other = (
        trained(model, tokenizer, tmp_path / name, steps=2, seed=seed)
        for name, seed in (("one", 1), ("two", 1), ("other", 2))
    )
    weights = [(run.folder / "adapter_model.safetensors").read_bytes() for run in (one, two, other)]
    assert one.losses == two.losses
    assert weights[0] == weights[1] != weights[2]


def test_training_does_not_touch_the_random_numbers_of_others(
    model: Any, tokenizer: Any, tmp_path: Path
) -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    trained(model, tokenizer, tmp_path, steps=1)
    assert torch.equal(torch.rand(1), expected)


@pytest.mark.parametrize("modules", ["attention", "all-linear"])
def test_the_added_delta_answers_as_the_layers_of_peft_do(
    model: Any, tokenizer: Any, tmp_path: Path, modules: str
) -> None:
    from peft import PeftModel

    trained(model, tokenizer, tmp_path, target_modules=modules, steps=3)
    before = logits(model, tokenizer)
    adapted: Any = PeftModel.from_pretrained(model, tmp_path)
    by_peft = logits(adapted, tokenizer)
    adapted.unload()
    apply_lora(model, tmp_path)
    assert torch.allclose(logits(model, tokenizer), by_peft, atol=1e-4)
    assert (by_peft - before).abs().max() > 0.1
    changed = {name.split(".")[-2] for name, _ in lora_delta(tmp_path)}
    assert changed == (
        {"q_proj", "k_proj", "v_proj", "o_proj"}
        | ({"gate_proj", "up_proj", "down_proj"} if modules == "all-linear" else set())
    )


def test_a_loss_on_all_tokens_learns_the_prompt_too(model: Any, tokenizer: Any, tmp_path: Path) -> None:
    answer = trained(model, tokenizer, tmp_path / "answer", steps=1).first_loss
    everything = trained(model, tokenizer, tmp_path / "all", steps=1, loss_on="all").first_loss
    assert everything != pytest.approx(answer, abs=0.1)


def test_an_adapter_of_another_model_is_refused_and_changes_nothing(
    model: Any, tokenizer: Any, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    trained(model, tokenizer, tmp_path, steps=1)
    smaller = type(model.config)(**{**model.config.to_dict(), "hidden_size": 288, "num_hidden_layers": 2})
    other: Any = AutoModelForCausalLM.from_config(smaller)
    before = {name: weight.clone() for name, weight in other.state_dict().items()}
    with pytest.raises(InputError, match="another model"):
        apply_lora(other, tmp_path)
    assert all(torch.equal(weight, before[name]) for name, weight in other.state_dict().items())


def test_an_adapter_that_is_more_than_a_sum_is_refused(model: Any, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "use_dora": true}')
    with pytest.raises(InputError, match="use_dora"):
        apply_lora(model, tmp_path)
    with pytest.raises(InputError, match="no LoRA adapter"):
        apply_lora(model, tmp_path / "nowhere")
