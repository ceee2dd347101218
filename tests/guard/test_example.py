"""The example runs as it stands, with the embedded model behind llama.cpp's own server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "protect.py"
pytestmark = [pytest.mark.weights, pytest.mark.slow]


def test_the_example_protects_the_embedded_model() -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    ran = subprocess.run([sys.executable, EXAMPLE], capture_output=True, text=True, env=own, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert "otter-ladder-20002" not in ran.stdout
    assert (
        "somebody unknown: What should I eat tonight?\n  I am sorry, I cannot answer that safely yet"
        in ran.stdout
    )
    assert "abstain_and_ask withheld it" in ran.stdout
