"""`forwhom monitor` as its user meets it: an alarm and what drove it, none, and every wrong input."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.test_command_line import forwhom


def stream(path: Path, rates: list[float], seed: int = 1, users: int = 8) -> Path:
    """A session a minute, unsafe at these rates; the unsafe ones name the canary."""
    rng = np.random.default_rng(seed)
    lines: list[dict[str, Any]] = []
    for place, rate in enumerate(rates):
        unsafe = rng.random() < rate
        said = "Her code is heron-7, \x1b[31mkeep it." if unsafe else "I cannot tell."
        lines.append({
            "messages": [{"role": "user", "content": "heron-7?"}, {"role": "assistant", "content": said}],
            "user": f"u{rng.integers(users)}", "session": f"s{place}", "created": 1767225600 + 60 * place,
            "metadata": {"risk": float(unsafe)},
        })  # fmt: skip
    path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
    return path


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    return stream(tmp_path / "log.jsonl", [0.03] * 400 + [0.4] * 100)


@pytest.mark.parametrize("method", ["cusum", "e-process", "both"])
@pytest.mark.parametrize("accepted", [("--baseline", "0.05"), ("--reference", "200")])
def test_a_rise_is_an_alarm_with_its_onset_and_what_drove_it(
    changed: Path, method: str, accepted: tuple[str, str]
) -> None:
    shown = forwhom("monitor", str(changed), *accepted, "--method", method, "--format", "json")
    assert shown.returncode == 0, shown.stderr
    told = json.loads(shown.stdout)
    first = told["alarms"][0]
    assert 400 < first["at"]["session"] < 440
    assert abs(first["onset"]["session"] - 401) < 25
    assert all(driver["risk"] == 1 and "heron-7" in driver["quote"] for driver in first["drivers"])
    asked = {"cusum", "e-process"} if method == "both" else {method}
    assert {one["method"] for one in told["alarms"]} == asked


def test_an_alarm_is_told_to_a_person_and_can_stop_a_release(changed: Path) -> None:
    shown = forwhom("monitor", str(changed), "--baseline", "0.05", "--fail-on-alarm")
    assert shown.returncode == 1
    assert "gate:" in shown.stderr
    for told in ("ALARM (cusum) at session 4", "2026-01-01T06:", "Since about session", "▁",
                 "“Her code is heron-7", "Baseline: 0.05 risk per session, as given"):  # fmt: skip
        assert told in shown.stdout, told
    assert "\x1b" not in shown.stdout


def test_without_an_alarm_it_says_what_would_have_been_seen(tmp_path: Path) -> None:
    log = stream(tmp_path / "log.jsonl", [0.03] * 300)
    shown = forwhom("monitor", str(log), "--baseline", "0.05", "--fail-on-alarm")
    assert shown.returncode == 0
    assert "No alarm." in shown.stdout
    assert "A rise by 0.1 to 0.15 takes the cusum about 4" in shown.stdout
    rare = forwhom(
        "monitor", str(log), "--baseline", "0.05", "--worse", "0.005", "--false-alarms", "0.01"
    ).stdout
    assert "is seen by the cusum within 2,000 sessions in" in " ".join(rare.split())


def test_where_chance_alone_makes_alarms_that_is_said(tmp_path: Path) -> None:
    log = stream(tmp_path / "log.jsonl", [0.05] * 1000)
    shown = forwhom("monitor", str(log), "--baseline", "0.05", "--false-alarms", "20")
    assert "in so many sessions up to 20 come by chance alone" in " ".join(shown.stdout.split())


def test_a_short_reference_is_said_to_be_one(changed: Path) -> None:
    shown = forwhom("monitor", str(changed), "--reference", "30")
    assert "the upper 95% limit of the first 30 sessions" in shown.stdout
    assert "That is a short reference" in shown.stdout


def test_one_user_who_is_failed_is_found_by_user(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    users = rng.integers(10, size=800)
    risks = rng.random(800) < np.where(users == 3, 0.5, 0.03)
    log = tmp_path / "log.jsonl"
    lines = [{"user": f"u{user}", "risk": bool(risk)} for user, risk in zip(users, risks, strict=True)]
    log.write_text("".join(json.dumps(one) + "\n" for one in lines))
    shown = forwhom("monitor", str(log), "--baseline", "0.05", "--by", "user", "--format", "json")
    told = json.loads(shown.stdout)
    assert told["streams"] == 10
    assert told["users_above_all_along"] == ["u3"]
    assert told["alarms"][0]["stream"] == "u3"
    assert {driver["user"] for driver in told["alarms"][0]["drivers"]} == {"u3"}
    person = forwhom("monitor", str(log), "--baseline", "0.05", "--by", "user").stdout
    assert "ALARM of user u3" in person
    assert "Above the baseline all along (false discovery rate 5% over 10 users): u3." in person


def test_watched_phrases_stand_in_for_a_risk_and_bad_lines_can_be_left_out(changed: Path) -> None:
    text = changed.read_text(encoding="utf-8").replace('"metadata"', '"other"')
    changed.write_text(text + '{"messages": [', encoding="utf-8")
    (changed.parent / "phrases").write_text("Heron-7\n")
    watching = ("monitor", str(changed), "--baseline", "0.05", "--watch", str(changed.parent / "phrases"))
    torn = forwhom(*watching)
    assert torn.returncode == 2
    assert "line 501: not valid JSON" in torn.stderr
    shown = forwhom(*watching, "--skip-bad")
    assert "left out: 1" in shown.stdout
    assert "ALARM (cusum) at session 4" in shown.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "either --baseline X"),
        (("--baseline", "0.1", "--reference", "20"), "either --baseline X"),
        (("--baseline", "0"), "above 0 and below 1"),
        (("--baseline", "nan"), "above 0 and below 1"),
        (("--baseline", "0.95"), "Name a smaller rise"),
        (("--reference", "5"), "at least 10"),
        (("--reference", "50"), "leave none of the 50"),
        (("--baseline", "0.1", "--false-alarms", "0"), "from 0.01 to 500"),
        (("--baseline", "0.1", "--false-alarms", "nan"), "from 0.01 to 500"),
        (("--baseline", "0.1", "--worse", "1"), "from 0.005"),
        (("--baseline", "0.1", "--worse", "nan"), "from 0.005"),
        (("--baseline", "0.1", "--watch", "nowhere"), "no such file"),
        (("--baseline", "0.1", "--risk-field", "harm"), "has no risk at 'harm'"),
        (("--baseline", "much"), "Invalid value for '--baseline'"),
        (("--baseline", "0.1", "--by", "day"), "is not one of"),
    ],
)
def test_wrong_input_is_said_with_a_remedy(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    log = stream(tmp_path / "log.jsonl", [0.1] * 50)
    shown = forwhom("monitor", str(log), *arguments, cwd=tmp_path)
    assert shown.returncode == 2, shown.stderr
    assert said in " ".join(shown.stderr.split())
    assert "Traceback" not in shown.stderr


def test_other_wrong_input_is_said_too(tmp_path: Path) -> None:
    unsafe = stream(tmp_path / "log.jsonl", [1.0] * 50)
    shown = forwhom("monitor", str(unsafe), "--reference", "20")
    assert shown.returncode == 2
    assert "Is 1 unsafe?" in shown.stderr
    (tmp_path / "bare.jsonl").write_text('{"risk": 0.1}\n' * 3)
    shown = forwhom("monitor", str(tmp_path / "bare.jsonl"), "--baseline", "0.1", "--by", "user")
    assert shown.returncode == 2
    assert "no session names its user" in shown.stderr
    assert forwhom("monitor", str(tmp_path / "nowhere"), "--baseline", "0.1").returncode == 2


@pytest.mark.parametrize("line", ['{"risk": 0}', '{"risk": 1}', '{"risk": 0.5}'])
def test_a_log_of_one_session_is_read(line: str, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(line)
    assert forwhom("monitor", str(tmp_path), "--baseline", "0.05", "--method", "both").returncode == 0
