"""Under load, with streams left half-way, nothing of one user reaches another and no turn is lost."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forwhom.guard.drift import Monitor
from forwhom.guard.state import open_store
from tests.guard.proxied import Proxied, body, proxied

USERS = [f"user{place}" for place in range(8)]
CANARIES = {user: f"quartz-falcon-{place}0417" for place, user in enumerate(USERS)}
POLICY = "mitigations: [leak_filter]\nintroduced: profile\nusers:\n" + "\n".join(
    f"  {user}: {{attributes: [{{domain: pet, statement: 'Has the dog {user}-rex.'}}], "
    f"secrets: {{phrase: {canary}}}}}"
    for user, canary in CANARIES.items()
)
ALL = " and ".join(CANARIES.values())
PLAN = st.lists(
    st.tuples(st.sampled_from(USERS), st.booleans(), st.none() | st.integers(1, 8)), min_size=30, max_size=60
)


async def ask(
    client: httpx.AsyncClient, user: str, stream: bool, leaves_after: int | None
) -> tuple[str, bool]:
    """What was seen, and whether it was all."""
    said = f"My phrase is {CANARIES[user]}, of {user}."
    sent = body(
        said, {"says": f"{said} I know {ALL}. {'So it is. ' * 9}", "chunk": 9, "pause": 0.002}, user=user
    )
    seen = b""
    async with client.stream("POST", "/chat/completions", json={**sent, "stream": stream}) as answer:
        assert answer.status_code == 200
        parts = 0
        async for part in answer.aiter_raw():
            seen, parts = seen + part, parts + 1
            if stream and leaves_after is not None and parts >= leaves_after:
                return seen.decode(), False
    return seen.decode(), True


async def all_asked(at: Proxied, plan: list[Any]) -> list[tuple[str, bool]]:
    limits = httpx.Limits(max_connections=60)
    async with httpx.AsyncClient(base_url=at.url, limits=limits, timeout=30) as client:
        return list(await asyncio.gather(*(ask(client, *one) for one in plan)))


def test_nothing_is_mixed_and_every_turn_is_counted_once(tmp_path: Path) -> None:
    @settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
    @given(plan=PLAN)
    def holds(plan: list[Any]) -> None:
        before, asked_before = len(at.records()), len(at.model.asked)
        seen = asyncio.run(all_asked(at, plan))
        for (user, _, _), (text, is_whole) in zip(plan, seen, strict=True):
            plain = text.replace('"}}]}\n\ndata: ', "")
            assert not any(other in plain for name, other in CANARIES.items() if name != user)
            assert f"of {user}" in _said(text) or not is_whole
            assert not any(f"{name}." in _said(text) for name in USERS if name != user)
        for sent in at.model.asked[asked_before:]:
            told = str(sent["messages"])
            rexes = [user for user in USERS if f"{user}-rex" in told]
            assert len(rexes) == 1 and f"of {rexes[0]}." in told
        records = at.records()[before:]
        assert len(records) == len(plan) and len({one["id"] for one in records}) == len(plan)
        assert Counter(one["user"] for one in records) == Counter(user for user, _, _ in plan)
        whole = Counter(user for (user, _, _), (_, is_whole) in zip(plan, seen, strict=True) if is_whole)
        answered = Counter(one["user"] for one in records if one["outcome"] == "answered")
        assert all(answered[user] >= whole[user] for user in USERS)
        assert {one["outcome"] for one in records} <= {"answered", "aborted"}

    with proxied(tmp_path, POLICY) as at:
        holds()
        store, records = open_store(at.state, Monitor(None)), at.records()
        for user in USERS:
            own = [one["risk"] for one in records if one["user"] == user and one["risk"] is not None]
            watch = store.watch(user)
            assert (watch.turns, watch.unsafe) == (len(own), own.count(1.0))
        store.close()
        assert at.model.running == 0


def _said(text: str) -> str:
    from tests.guard.proxied import text_of

    return text_of(text) if text.startswith("data:") else text
