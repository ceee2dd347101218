"""What runs where the torch extra is not installed. It is hidden from a fresh process, not faked."""

import subprocess
import sys

HIDDEN = """
from importlib.machinery import PathFinder

find = PathFinder.find_spec
PathFinder.find_spec = classmethod(
    lambda cls, name, path=None, target=None:
        None if name.split(".")[0] in ("torch", "transformers") else find(name, path, target)
)
"""

BODY = """
import asyncio, importlib, pkgutil, sys
import forwhom.systems
from forwhom.errors import InputError

NEED_TORCH = (
    "mask_files", "mixture", "prefix_scorer", "reward_model", "routed", "router", "shared_experts",
    "token_tree", "torch_engine", "torch_writer", "wanda", "weight_switch",
)
for module in pkgutil.walk_packages(forwhom.systems.__path__, "forwhom.systems."):
    if module.name.rsplit(".")[-1] not in NEED_TORCH:
        importlib.import_module(module.name)

from inspect_ai.model import GenerateConfig, get_model
from forwhom.systems.answering import Answerer
from forwhom.systems.models.smollm2_api import can_score_options
from inspect_ai.model import ChatMessageUser

assert not can_score_options("forwhom/smollm2")
assert can_score_options("openai/gpt-5")

async def main():
    model = get_model("forwhom/smollm2")
    answerer = Answerer(model, max_tokens=8)
    ask = [ChatMessageUser(content="Name three fruits.")]
    assert (await answerer.answer(ask)).text
    assert await model.api.count_text_tokens("hello there") == 2
    try:
        await answerer.answer(ask, ("Apples.", "Stones."))
    except InputError as error:
        assert "forwhom[weights]" in str(error)
    else:
        raise AssertionError("scored without torch")

asyncio.run(main())
assert "torch" not in sys.modules
print("written without torch")
"""


def test_answers_are_written_and_scoring_says_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HIDDEN + BODY], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.strip() == "written without torch", done.stderr
