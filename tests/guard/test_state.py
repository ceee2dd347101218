"""What the proxy keeps is exact, in SQLite and in a real PostgreSQL, whatever breaks in between."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from uuid import uuid4

import httpx
import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forwhom.errors import InputError
from forwhom.guard.drift import Monitor, Watch
from forwhom.guard.recorder import Recorder
from forwhom.guard.settings import DriftSettings
from forwhom.guard.state import Record, Store, open_store
from forwhom.statistics.cusum import design_cusum
from tests.guard.fake_model import FakeModel
from tests.guard.postgres import postgres
from tests.guard.proxied import body, proxied, served

DRIFT = DriftSettings(baseline=0.1, worse=0.3, false_alarms=10)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.sqlite'}"
    name, server = f"t{uuid4().hex[:12]}", request.getfixturevalue("server")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return str(server).replace("/postgres?", f"/{name}?")


def record(user: str, risk: float | None = 0.0, **more: object) -> Record:
    told = {"id": uuid4().hex, "at": time.time(), "outcome": "answered", "status": 200, "mode": "enforce"}
    return Record(**{**told, "user": user, "policy": "p", "risk": risk, **more})  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, 0.4]), max_size=120))
def test_a_monitor_that_is_kept_alarms_where_one_that_sees_all_does(risks: list[float]) -> None:
    cusum = design_cusum(0.1, 0.4, 100)
    trace = cusum.trace(np.array([risks]))
    watch, monitor, alarms = Watch(), Monitor(DRIFT), []
    for risk in risks:
        watch = monitor.after(watch, risk)
        alarms.append(watch.alarmed)
    assert alarms == list(trace.alarms[0]) and watch.turns == len(risks)
    assert watch.alarms == sum(alarms)


def test_a_record_that_is_written_twice_counts_once_and_what_is_no_turn_does_not(url: str) -> None:
    store = open_store(url, Monitor(DRIFT))
    one = record("ana", 1.0)
    first = store.write([one, record("ben"), record("ana", None, outcome="upstream")])
    again = store.write([one])
    assert first[one.id] == again[one.id] or again[one.id].turns == 1
    store.close()
    store = open_store(url, Monitor(DRIFT))
    assert store.watch("ana").turns == 1 and store.watch("ana").unsafe == 1 and store.watch("ben").turns == 1
    assert store.watch("ana").level > 0 and len(store.records()) == 3 and store.watch("eve") == Watch()
    store.close()


def test_with_other_settings_the_count_goes_on_and_the_level_begins_anew(url: str) -> None:
    store = open_store(url, Monitor(DRIFT))
    for _ in range(3):
        store.write([record("ana", 1.0)])
    store.close()
    store = open_store(url, Monitor(DriftSettings(baseline=0.2, worse=0.3)))
    store.write([record("ana", 1.0)])
    assert store.watch("ana").turns == 4 and store.watch("ana").level < 1
    store.close()


def test_several_proxies_of_one_state_lose_no_turn(url: str) -> None:
    def written(store: Store) -> None:
        for place in range(25):
            store.write([record("ana"), record(f"u{place % 3}"), record("zoe", 1.0)])

    stores = [open_store(url, Monitor(None)) for _ in range(3)]
    threads = [Thread(target=written, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stores[0].watch("ana").turns == 75 and stores[1].watch("zoe").unsafe == 75
    assert sum(stores[2].watch(f"u{place}").turns for place in range(3)) == 75
    for store in stores:
        store.close()


def test_a_connection_that_is_lost_is_opened_again_and_nothing_counts_twice(server: str) -> None:
    async def recorded() -> Watch:
        store = open_store(server, Monitor(None))
        recorder = Recorder(store, None)
        recorder.start()
        await recorder.record(record("lost"), {})
        with psycopg.connect(server, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'forwhom guard'"
            )
        watch = await recorder.record(record("lost"), {})
        assert await recorder.ping()
        await recorder.stop()
        return watch

    assert asyncio.run(recorded()).turns == 2


def test_one_record_that_cannot_be_written_takes_no_other_with_it(tmp_path: Path) -> None:
    class Picky(Store):
        def write(self, records: object) -> dict[str, Watch]:
            if any(one.user == "bad" for one in records):  # type: ignore[attr-defined]
                raise ValueError("no")
            return super().write(records)  # type: ignore[arg-type]

    async def recorded() -> list[object]:
        store = open_store(f"sqlite:///{tmp_path / 's'}", Monitor(None))
        store.__class__ = Picky
        recorder = Recorder(store, None)
        recorder.start()
        waiting = [recorder.record(record(user), {}) for user in ("ana", "bad", "ben")]
        told = await asyncio.gather(*waiting, return_exceptions=True)
        await recorder.stop()
        return list(told)

    ana, bad, ben = asyncio.run(recorded())
    assert isinstance(ana, Watch) and isinstance(ben, Watch) and isinstance(bad, ValueError)


def test_a_state_that_is_none_is_refused_without_its_password(tmp_path: Path) -> None:
    for wrong in ("mysql://u:hunter2@h/x", "postgresql://u:hunter2@127.0.0.1:1/x", f"sqlite:///{tmp_path}"):
        with pytest.raises(InputError, match="--state") as error:
            open_store(wrong, Monitor(None))
        assert "hunter2" not in str(error.value)


RUN = "from forwhom.cli import main; main()"
POLICY = "mitigations: []\nguard: {unknown_users: neutral}"


def started(policy: Path, upstream: str, url: str) -> tuple[subprocess.Popen[str], str]:
    args = ["guard", "--upstream", upstream, "--policy", str(policy), "--port", "0", "--state", url]
    ran = subprocess.Popen([sys.executable, "-c", RUN, *args], stderr=subprocess.PIPE, text=True)
    assert ran.stderr is not None
    line = ran.stderr.readline()
    at = re.search(r"http://127\.0\.0\.1:\d+/v1", line)
    assert at, line + ran.stderr.read()
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            httpx.get(at[0].replace("/v1", "/healthz"))
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return ran, at[0]
    raise AssertionError("the proxy does not answer")


def test_what_was_answered_is_there_after_a_kill(url: str, tmp_path: Path) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text(POLICY)
    done: list[str] = []

    def asking(at: str, user: str) -> None:
        try:
            for place in range(400):
                sent = body("Hello. " * 5, user=user, stream=place % 2 == 0)
                answer = httpx.post(f"{at}/chat/completions", json=sent, timeout=10)
                done.append(answer.headers["x-forwhom-request"])
        except httpx.TransportError:
            return

    with served(FakeModel().app) as model:
        ran, at = started(policy, f"{model}/v1", url)
        threads = [Thread(target=asking, args=(at, f"u{place}")) for place in range(4)]
        try:
            for thread in threads:
                thread.start()
            while len(done) < 40:
                time.sleep(0.01)
        finally:
            os.kill(ran.pid, signal.SIGKILL)
            ran.wait()
        for thread in threads:
            thread.join()
        store = open_store(url, Monitor(None))
        kept = {one["id"]: one["user"] for one in store.records()}
        assert set(done) <= set(kept) and len(kept) <= len(done) + 4
        turns = [store.watch(f"u{place}").turns for place in range(4)]
        assert turns == [list(kept.values()).count(f"u{place}") for place in range(4)]
        store.close()
    with proxied(tmp_path, POLICY, state=url) as again:
        assert int(again.post("On.", user="u0").headers["x-forwhom-alarms"]) == 0
    store = open_store(url, Monitor(None))
    assert store.watch("u0").turns == turns[0] + 1
    store.close()
