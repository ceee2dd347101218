"""`forwhom guard` says what is wrong before it listens."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from forwhom.cli import app, guard
from forwhom.errors import InputError

POLICY = "mitigations: []\nguard: {unknown_users: neutral}"


def refused(folder: Path, *args: str) -> str:
    (path := folder / "p.yaml").write_text(POLICY)
    told = ["guard", "--policy", str(path), "--upstream", "http://127.0.0.1:9/v1", *args]
    found = CliRunner().invoke(app, told).exception
    assert isinstance(found, InputError), found
    return str(found)


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "find_spec", lambda name: None if name == "uvicorn" else object())
    assert "needs uvicorn; install it with: pip install 'forwhom[guard]'" in refused(tmp_path)


def test_it_does_not_listen_where_anybody_could_ask_nor_where_it_cannot(tmp_path: Path) -> None:
    state = ("--state", f"sqlite:///{tmp_path / 's'}")
    assert "Set keys (guard.identity.keys in the policy)" in refused(tmp_path, *state, "--host", "0.0.0.0")
    assert "--port 70000: cannot listen" in refused(tmp_path, *state, "--port", "70000")
    assert "--state: expected sqlite:///PATH" in refused(tmp_path, "--state", "state.sqlite")
    secret = refused(tmp_path, *state, "--upstream", "http://u:hunter2@127.0.0.1:8000/v1")
    assert "FORWHOM_UPSTREAM_KEY" in secret and "hunter2" not in secret
    assert "--upstream: expected the address" in refused(tmp_path, *state, "--upstream", "127.0.0.1:8000")
