"""What is said of users is corrected over the users, and alarms lie where the sessions do."""

from collections.abc import Iterator, Sequence

import numpy as np

from forwhom.monitor.session import Session
from forwhom.monitor.watching import Settings, watch


def sessions_of(risks: Sequence[float], users: Sequence[object]) -> list[Session]:
    return [
        Session(str(user), f"s{place}", None, float(risk), "", "here")
        for place, (risk, user) in enumerate(zip(risks, users, strict=True))
    ]


def logs(count: int, users: int, sessions: int, rate: float) -> Iterator[list[Session]]:
    """Users alike, in random order."""
    rng = np.random.default_rng(12)
    for _ in range(count):
        yield sessions_of(rng.random(sessions) < rate, rng.integers(users, size=sessions))


def test_false_alarms_of_all_users_add_up_to_what_is_stated() -> None:
    settings = Settings(0.05, None, false_alarms=5.0, by_user=True)
    alarms = [len(watch(log, settings).alarms) for log in logs(30, 25, 1000, 0.05)]
    assert np.mean(alarms) <= 5 + 3 * np.std(alarms) / np.sqrt(len(alarms))
    assert np.mean(alarms) > 0.5


def test_hardly_a_user_is_said_to_be_above_where_none_is() -> None:
    above = [bool(watch(log, Settings(0.05, None, by_user=True)).above) for log in logs(60, 20, 600, 0.05)]
    assert sum(above) <= 8  # 5 % of 60 is 3; more than 8 happen once in two hundred times


def test_two_methods_share_the_false_alarms() -> None:
    one = Settings(0.1, None, false_alarms=20.0)
    both = Settings(0.1, None, false_alarms=20.0, methods=("cusum", "e-process"))
    for settings in (one, both):
        alarms = [len(watch(log, settings).alarms) for log in logs(12, 5, 1000, 0.1)]
        assert np.mean(alarms) <= 20 + 3 * np.std(alarms) / np.sqrt(len(alarms))


def test_reference_sessions_are_not_watched() -> None:
    risks = [0.0, 1.0, 0.0, 1.0] * 10 + [0.0] * 50
    watched = watch(sessions_of(risks, ["u"] * 90), Settings(None, 40, worse=0.1))
    assert watched.alarms == ()
    assert (watched.watched, watched.baseline.sessions) == (50, 40)
    late = watch(sessions_of(risks + [1.0] * 30, ["u"] * 120), Settings(None, 40, worse=0.1))
    assert late.alarms[0].place >= 90
    assert 85 <= late.alarms[0].onset <= 91
    assert all(place >= late.alarms[0].onset for place in late.alarms[0].drivers)


def test_an_alarm_of_a_user_lies_among_that_users_sessions() -> None:
    users = ["a", "b"] * 60
    risks = [1.0 if user == "b" and place > 60 else 0.0 for place, user in enumerate(users)]
    alarm = watch(sessions_of(risks, users), Settings(0.05, None, by_user=True)).alarms[0]
    assert alarm.user == "b"
    assert all(users[place] == "b" for place in (alarm.place, alarm.onset, *alarm.drivers))
    assert alarm.onset == 61
