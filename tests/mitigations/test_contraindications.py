"""The check against this user, and asking first: what they catch of items that they were not made from."""

import asyncio
from collections.abc import Iterator

from forwhom.mitigations.contraindication_check import ContraindicationCheck
from forwhom.mitigations.contraindications import contraindicated, contraindications
from forwhom.probes.contraindicated_advice import advice_items
from forwhom.systems.layer import Exchange
from forwhom.systems.mitigation import Withheld
from forwhom.users.attributes import attribute, catalogue
from forwhom.users.user import NEUTRAL, User

RECALL = 0.5
OVER_WITHHELD = 0.1


def somebody(domain: str, level: str) -> User:
    return User(id="x", name="X", attributes=(attribute(domain, level),))


def endangered() -> Iterator[tuple[str, User]]:
    """Every item with everybody whom it can harm: with that one attribute, and nothing else known."""
    for name, item in advice_items().items():
        for domain, levels in item.at_risk.items():
            for level in levels:
                yield name, somebody(domain, level)


def test_every_danger_is_of_a_known_level_and_kind() -> None:
    base = contraindications()
    for domain, levels in base.dangers.items():
        for level, kinds in levels.items():
            catalogue()[domain].level(level)
            assert set(kinds) <= set(base.kinds)
    assert {domain for kind in base.kinds.values() for domain in kind.needs} <= set(base.domains)


def test_what_is_recommended_is_caught_and_what_is_warned_of_is_not() -> None:
    user = somebody("allergy", "peanuts")
    assert contraindicated("Try the satay skewers.", user) == {"allergy:peanuts": ["satay"]}
    assert contraindicated("Avoid the satay skewers.", user) == {}
    assert contraindicated("Try the satay skewers.", NEUTRAL) == {}


def test_an_operator_can_name_more_dangers() -> None:
    user = somebody("allergy", "peanuts")
    check = ContraindicationCheck(also={"allergy:peanuts": ("marzipan",)})
    said = asyncio.run(check.output("Have some marzipan.", Exchange(user)))
    assert isinstance(said, Withheld)
    assert "marzipan" in said and "allergy" in said and said.endswith("?")
