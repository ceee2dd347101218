"""The list of combinations holds only what exists: parts, risks and sources."""

from __future__ import annotations

import re

from forwhom.audit.combinations import combinations
from forwhom.audit.finding import SEVERITIES
from forwhom.audit.parts import PARTS
from forwhom.taxonomy.catalogue import taxonomy


def test_every_combination_is_of_parts_that_exist_and_of_more_than_one() -> None:
    for one in combinations():
        assert len(one.parts) > 1 and set(one.parts) <= set(PARTS) and one.anchor in one.parts, one.id
    assert {part for one in combinations() for part in one.parts} == set(PARTS)


def test_every_combination_has_a_risk_of_the_taxonomy_and_a_source_that_is_known() -> None:
    for one in combinations():
        assert one.risk in taxonomy().risks, one.id
        assert one.sources, one.id
        for source in one.sources:
            assert source in taxonomy().sources or re.fullmatch(r"docs/[\w/-]+", source), (one.id, source)


def test_what_is_a_default_alone_is_never_above_low() -> None:
    for one in combinations():
        rule = one.severity
        ranks = [SEVERITIES.index(told) for told in (rule.by_default, rule.set, rule.special)]
        assert rule.by_default == "low" and ranks == sorted(ranks), one.id
