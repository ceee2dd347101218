"""What is read out of a lettered reply."""

import math

import pytest
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessageAssistant,
    Logprob,
    Logprobs,
    ModelOutput,
    TopLogprob,
)

from forwhom.systems.letters import letter_logprobs, mean_over_rotations, rotations, written_letter


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("B", 1), ("b", 1), ("B.", 1), ("(B) Wine", 1), ("B) Wine.", 1), ("**B**", 1), ("A: a dog", 0),
        ("A dog.", None), ("Apple", None), ("Both", None), ("C", None), ("I would say", None), ("", None),
    ],
)  # fmt: skip
def test_a_written_letter_stands_alone(text: str, option: int | None) -> None:
    found = written_letter(ModelOutput.from_content("m", text), 2)
    assert found == (None if option is None else [float(i == option) for i in range(2)])


def with_logprobs(**tokens: float) -> ModelOutput:
    top = [TopLogprob(token=token, logprob=math.log(p), bytes=None) for token, p in tokens.items()]
    first = Logprob(token=top[0].token, logprob=top[0].logprob, bytes=None, top_logprobs=top)
    choice = ChatCompletionChoice(
        message=ChatMessageAssistant(content="A"), logprobs=Logprobs(content=[first])
    )
    return ModelOutput(model="m", choices=[choice])


def test_spellings_of_a_letter_are_added_and_an_unlisted_one_is_at_most_as_likely_as_the_last() -> None:
    output = with_logprobs(**{"A": 0.5, " A": 0.2, "The": 0.1})
    a, b = letter_logprobs(output, 2) or ()
    assert (math.exp(a), math.exp(b)) == pytest.approx((0.7, 0.1))
    assert letter_logprobs(with_logprobs(The=0.9), 2) is None
    assert letter_logprobs(ModelOutput.from_content("m", "A"), 2) is None


def test_what_a_letter_adds_drops_out_over_the_rotations() -> None:
    liking, letters = {"x": 0.3, "y": -1.0, "z": 0.1, "w": 0.0}, [2.0, -0.5, 0.7, -3.0]
    asked = rotations(list(liking))
    seen = [[liking[option] + letters[place] for place, option in enumerate(one)] for one in asked]
    shift = sum(letters) / 4
    assert mean_over_rotations(seen) == pytest.approx([value + shift for value in liking.values()])
