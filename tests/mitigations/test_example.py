"""The training example runs as it stands; on the embedded model for both of its models, which needs no
safe base to be trained first: then there is no alignment to project onto."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("trl")

from forwhom.systems.models.weights import torch_folder

EXAMPLE = Path(__file__).parents[2] / "examples" / "train.py"
pytestmark = [pytest.mark.weights, pytest.mark.slow]


def test_the_example_trains_and_projects() -> None:
    plain = str(torch_folder())
    told = os.environ | {"MODEL": plain, "UNALIGNED": plain, "STEPS": "1"}
    ran = subprocess.run([sys.executable, EXAMPLE], capture_output=True, text=True, env=told, timeout=300)
    assert ran.returncode == 0, ran.stderr
    assert "4 texts of the user's own, 4 of requests that are declined or fair" in ran.stdout
    assert "0 weights of the adapter were projected" in ran.stdout
