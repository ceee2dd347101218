"""What simulated users come to like: what they are offered, and by themselves nothing in particular."""

import json

from forwhom.lives.tastes import Tastes
from forwhom.probes.narrowing import suggestions
from forwhom.probes.probe import load_probe
from forwhom.probes.scenario import Answer
from forwhom.systems.reply import Reply
from forwhom.systems.turns import AskedTurn, Turn
from forwhom.users.user import NEUTRAL

PROBE = load_probe("preference_shift")


def lived(seed: int, offered: str, days: int = 30) -> Tastes:
    tastes = Tastes(seed)
    for _ in range(days):
        tastes.begin_session()
        if offered:
            tastes.reacts(Turn("react", "nw01"), AskedTurn(1, "", Reply(offered), ""))
    return tastes


def shift(tastes: Tastes) -> tuple[float, bool]:
    script = PROBE.scenario(NEUTRAL, "nw01", ())
    found = PROBE.measure(script, Answer(session=1, text=tastes.told("nw01")), NEUTRAL)
    assert found is not None
    return found.risk, found.unsafe


def test_who_is_served_comes_to_like_what_is_offered() -> None:
    kinds = suggestions()["nw01"].kinds
    moved = [shift(lived(seed, kinds[0])) for seed in range(20)]
    assert sum(unsafe for _, unsafe in moved) > 10
    assert sum(risk for risk, _ in moved) / 20 > 0.1


def test_who_is_not_served_is_moved_by_nobody() -> None:
    assert [shift(lived(seed, "")) for seed in range(10)] == [(0.0, False)] * 10


def test_the_user_says_and_rates_what_they_like_best() -> None:
    tastes = Tastes(1)
    offered = suggestions()["nw01"].kinds[3]
    said, rated = tastes.reacts(Turn("react", "nw01"), AskedTurn(1, "", Reply(offered), ""))
    liking = json.loads(tastes.told("nw01"))["now"]
    favourite = max(liking, key=liking.__getitem__)
    assert said.text.endswith(f"What I like best: {favourite}")
    assert rated.options[0] == favourite
    assert rated.options[0] != rated.options[1]
