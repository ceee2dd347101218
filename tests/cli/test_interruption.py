"""What a kill, a Ctrl-C and a full disk leave: everything finished, and a message that says how to go on."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

STUDY = """
name: small
users: {limit: 8}
systems:
  - name: profile
    layers: [{prompting: {representation: profile}}]
probes:
  - {probe: contraindicated_advice, at_risk: 12, controls: 2}
"""
RUN = [sys.executable, "-c", "from forwhom.cli import main; main()", "run", "study.yaml", "--out", "run"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.yaml").write_text(STUDY)
    return tmp_path


def started(folder: Path, finished: int) -> subprocess.Popen[str]:
    """The run, begun, with at least so many cells finished."""
    process = subprocess.Popen(RUN, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    until = time.monotonic() + 400
    while cells(folder) < finished:
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < until
        time.sleep(0.05)
    return process


def cells(folder: Path) -> int:
    journal = folder / "run" / "journal.jsonl"
    return journal.read_bytes().count(b"\n") if journal.exists() else 0


def resumed(folder: Path) -> str:
    again = subprocess.run(RUN, cwd=folder, capture_output=True, text=True, check=False, timeout=400)
    assert again.returncode == 0, again.stdout + again.stderr
    assert "cells are already done" in again.stdout
    counts = json.loads((folder / "run" / "run.json").read_text())["counts"]
    assert counts["reused"] > 0
    assert counts["measurements"] == counts["cells"]
    return again.stdout


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(folder: Path) -> None:
    process = started(folder, 1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Run the same command again" in said
    assert "Traceback" not in said
    resumed(folder)


def test_a_killed_run_goes_on_where_it_was(folder: Path) -> None:
    process = started(folder, 1)
    process.kill()
    process.communicate(timeout=60)
    kept = cells(folder)
    assert kept >= 1
    resumed(folder)


def test_a_full_disk_is_named_and_nothing_finished_is_lost(folder: Path) -> None:
    def no_more_than_60_kb() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    # Inspect's own trace stays small, so that it is our files that do not fit. (Never point it at a device:
    # Inspect deletes the file when it ends.)
    quiet = {"INSPECT_TRACE_LEVEL": "CRITICAL", "INSPECT_TRACE_FILE": str(folder / "trace.log")}
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"} | quiet
    full = subprocess.run(
        RUN, cwd=folder, capture_output=True, text=True, check=False, timeout=400,
        preexec_fn=no_more_than_60_kb, env=environment,
    )  # fmt: skip
    assert full.returncode == 2, full.stdout + full.stderr
    assert "No space left" in full.stderr or "File too large" in full.stderr  # cut short, or refused
    assert "are kept" in full.stderr or "is kept" in full.stderr
    assert "Traceback" not in full.stderr
    assert cells(folder) > 0
    resumed(folder)
