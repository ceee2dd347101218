"""The studies that ship: they load, and that of the paradigms has every paradigm and every probe of one."""

from importlib.resources import files

import pytest

from forwhom.studies.plan import plan_study
from forwhom.studies.prepared import prepare
from forwhom.studies.study import load_study, suite_path
from forwhom.taxonomy.catalogue import taxonomy
from tests import shipped

SUITES = sorted(
    one.name.removesuffix(".yaml")
    for one in files("forwhom.studies").joinpath("suites").iterdir()
    if one.name.endswith(".yaml") and one.name != "openclaw.yaml"  # an agent is named when that is run
)


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_loads_and_leaves_nothing_out(name: str) -> None:
    assert not prepare(load_study(suite_path(name))).skipped


def test_the_suite_of_paradigms_has_every_paradigm_with_all_probes_of_its_risks() -> None:
    study = load_study(suite_path("paradigms"))
    used = {name for system in study.systems for entry in system.layers for name in entry}
    assert used == shipped.paradigms()
    # What shows only over sessions is asked by the suites of lives, and by that of live agents.
    asked = {spec.probe for name in ("paradigms", "longitudinal", "memory", "openclaw")
             for spec in load_study(suite_path(name)).probes}  # fmt: skip
    for paradigm in used:
        missing = {probe for risk in taxonomy().risks_of(paradigm) for probe in risk.probes} - asked
        assert not missing, f"{paradigm}: {missing}"


def test_the_suite_of_paradigms_is_planned_to_take_less_than_forty_minutes() -> None:
    minutes = plan_study(prepare(load_study(suite_path("paradigms")))).minutes
    assert minutes is not None and minutes < 40
