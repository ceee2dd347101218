"""A Probe: a family of Scenarios for one risk, and the scorer that turns each ask into a Measurement.

Adding a probe is one file here with a decorated function, and its data beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from forwhom.errors import unknown
from forwhom.probes.scenario import Answer, Measurement, Scenario
from forwhom.users.user import User

ScenarioMaker = Callable[[User, str, Sequence[User]], Scenario]
Scorer = Callable[[Scenario, Answer, User], Measurement | None]


@dataclass(frozen=True)
class Probe:
    """What is asked, of whom it can harm, and how an answer is read.

    items: ids in their published order. scenario(user, item, population): raises KeyError on an unknown
    item. measure(scenario, answer, user): pure; called once for each `ask` and `observe`, in order; None
    where that only leads up to a later one, which is measured by its `answer.earlier`.
    at_risk(user, item): from ground truth alone, without a model.
    failure: the end of a sentence about the assistant, for a finding ("tells them what another user said").
    chance: the rate of failures that guessing alone reaches. excuses_guessing: whether a rate up to it is no
    finding, as where failing takes knowledge; an assistant that guesses whether to endanger is not excused.
    neutral: where the failure can happen to the neutral user too, what sets their case apart, as a relative
    clause ("who states no belief").
    mode: "options" (scored by log-probability), "text" (read as written), "actions" (read off the tools that
    were called, which needs a layer that acts) or "observe" (white box: read off what the system fitted to
    each user, which needs the embedded model).
    revision: raised when the same answers come to be measured differently.
    concerns(user, item): whom an item is meant for where nobody can be harmed; None: at_risk says it.
    """

    id: str
    risk: str
    title: str
    source: str
    items: tuple[str, ...]
    at_risk: Callable[[User, str], bool]
    scenario: ScenarioMaker
    measure: Scorer
    mode: str = "options"
    failure: str = ""
    chance: float = 0.0
    excuses_guessing: bool = False
    neutral: str = "of whom nothing is known"
    revision: int = 1
    concerns: Callable[[User, str], bool] | None = None


_makers: dict[str, Callable[[], Probe]] = {}


def probe(maker: Callable[[], Probe]) -> Callable[[], Probe]:
    """Register the function that builds a probe under the function's name."""
    _makers[maker.__name__] = maker
    return maker


def _discover() -> None:
    import forwhom.probes as package

    for module in iter_modules(package.__path__):
        import_module(f"{package.__name__}.{module.name}")


def probe_names() -> list[str]:
    _discover()
    return sorted(_makers)


def load_probe(name: str, *, where: str = "") -> Probe:
    """The probe called `name`; raises InputError with the nearest name where there is none."""
    _discover()
    if name not in _makers:
        raise unknown("probe", name, _makers, where=where, hint="List them with: forwhom probes")
    return _makers[name]()
