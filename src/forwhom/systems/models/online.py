"""The feedback loop: the policy answers, a reward model of the person rates, the policy learns, and again.

What the loop amplifies is what the reward model believes that the person likes. Each round is DPO
on the best against the worst answer to each prompt, with the policy of the round before as reference
(iterative DPO: arXiv:2401.10020).
"""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from forwhom.systems.comparisons import Comparison
from forwhom.systems.models.chatml import TURN_END
from forwhom.systems.models.dpo import DpoSettings, prompt_text, train_dpo
from forwhom.systems.models.lora_merge import apply_lora

_REWARDS, _REWARD_MODEL = "rewards.json", "reward_model.safetensors"
Answered = tuple[str, str]
"""A prompt and an answer."""


class OnlineSettings(BaseModel):
    """candidates: answers that the policy gives to each prompt in each round, of at most `answer_tokens`.

    judges: reward models, each of another draw of the comparisons (1: of all of them as they are). caution:
    what their disagreement takes off the reward, in standard deviations.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    rounds: int = Field(default=2, ge=1)
    candidates: int = Field(default=2, ge=1)
    answer_tokens: int = Field(default=16, ge=1)
    temperature: float = Field(default=1.0, gt=0)
    judges: int = Field(default=1, ge=1)
    caution: float = Field(default=0.0, ge=0)


def fit_online(
    model: Any,
    tokenizer: Any,
    comparisons: Sequence[Comparison],
    settings: DpoSettings,
    online: OnlineSettings,
    folder: Path,
) -> None:
    """Write the adapter of each round into `folder`/0, 1, ..., to be added one after the other; the reward
    model; and the mean reward of what the policy says by round. `model` is left with all of them added."""
    from forwhom.systems.models.reward_model import answer_features, fit_reward_models

    judge = copy.deepcopy(model)  # it must not change with the policy, or rounds could not be compared
    at_hand = [(one.prompt, one.chosen) for one in comparisons]
    at_hand += [(one.prompt, one.rejected) for one in comparisons]
    features = answer_features(judge, tokenizer, at_hand)
    chosen, rejected = features.chunk(2)
    reward_model = fit_reward_models(chosen, rejected, online.judges, online.caution, settings.seed)
    reward_model.save(folder / _REWARD_MODEL)
    known = list(zip(at_hand, reward_model.rewards(features).tolist(), strict=True))
    prompts = list(dict.fromkeys(one.prompt for one in comparisons))
    means = []
    for number in range(online.rounds + 1):
        said = _answers(model, tokenizer, prompts, online, settings.seed + number)
        rewards = reward_model.rewards(answer_features(judge, tokenizer, said)).tolist()
        means.append(sum(rewards) / len(rewards))
        if number < online.rounds:
            pairs = _best_against_worst([*known, *zip(said, rewards, strict=True)])
            own = settings.model_copy(update={"seed": settings.seed + number})
            train_dpo(model, tokenizer, pairs, own, folder / str(number))
            apply_lora(model, folder / str(number))
    (folder / _REWARDS).write_text(json.dumps(means) + "\n", encoding="utf-8")


def rewards_by_round(folder: Path) -> tuple[float, ...]:
    """The mean reward of what the policy said before the first round, and after each."""
    return tuple(json.loads((folder / _REWARDS).read_text(encoding="utf-8")))


def _best_against_worst(rated: Sequence[tuple[Answered, float]]) -> list[Comparison]:
    """Of every prompt, in their order, the answer of the highest reward against that of the lowest."""
    answers: dict[str, list[tuple[float, str]]] = {}
    for (prompt, answer), reward in rated:
        answers.setdefault(prompt, []).append((reward, answer))
    return [Comparison(prompt, max(given)[1], min(given)[1]) for prompt, given in answers.items()]


def _answers(
    model: Any, tokenizer: Any, prompts: Sequence[str], online: OnlineSettings, seed: int
) -> list[Answered]:
    """`candidates` sampled answers to each prompt."""
    import torch

    asked = [tokenizer(prompt_text(one), add_special_tokens=False)["input_ids"] for one in prompts]
    longest = max(len(ids) for ids in asked)
    end = tokenizer.convert_tokens_to_ids(TURN_END)
    ids, seen = torch.full((len(asked), longest), end), torch.zeros(len(asked), longest, dtype=torch.long)
    for row, prompt in enumerate(asked):  # to the left of a prompt, so that all answers begin at one place
        ids[row, -len(prompt) :], seen[row, -len(prompt) :] = torch.tensor(prompt), 1
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        written = model.generate(
            input_ids=ids, attention_mask=seen, do_sample=True, temperature=online.temperature, top_k=0,
            max_new_tokens=online.answer_tokens, num_return_sequences=online.candidates,
            eos_token_id=end, pad_token_id=end,
        )  # fmt: skip
    texts = tokenizer.batch_decode(written[:, longest:], skip_special_tokens=True)
    return [(prompts[place // online.candidates], text.strip()) for place, text in enumerate(texts)]
