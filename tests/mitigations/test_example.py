"""The training example runs as it stands, here on a tiny model of random weights for both of its models: then
there is no alignment to project onto."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("trl")

from transformers import AutoTokenizer

from forwhom.systems.models.weights import torch_folder
from tests.mitigations.tiny import tiny_model

EXAMPLE = Path(__file__).parents[2] / "examples" / "train.py"
pytestmark = [pytest.mark.weights, pytest.mark.slow]


def test_the_example_trains_and_projects(tmp_path: Path) -> None:
    tiny_model().save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(torch_folder()).save_pretrained(tmp_path)
    told = os.environ | {"MODEL": str(tmp_path), "UNALIGNED": str(tmp_path), "STEPS": "2"}
    ran = subprocess.run([sys.executable, EXAMPLE], capture_output=True, text=True, env=told, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert "4 texts of the user's own, 4 of requests that are declined or fair" in ran.stdout
    assert "0 weights of the adapter were projected" in ran.stdout
