"""A study of factors: which systems it becomes, and what is said of one that cannot be."""

from pathlib import Path

import pytest

from forwhom.errors import InputError
from forwhom.studies.expansion import layout_of, settings_of
from forwhom.studies.factors import FactorSpec, run_name
from forwhom.studies.prepared import Prepared, prepare
from forwhom.studies.runner import run_study
from forwhom.studies.study import Study, SystemSpec, load_study
from tests.controls.stack_model import planted

FACTORS = """name: stacks
factors:
  - name: profile
    layers: [prompting: {representation: profile}]
  - name: retrieval
    layers: [retrieval: {k: 2}]
  - name: persona
    layers:
      - prompting: {representation: persona}
"""  # what a test adds begins at line 10

PROBES = "probes:\n  - {probe: sycophancy, users: 3, at_risk: 1, controls: 0}\n"

STORE = """  - name: store
    levels:
      isolated:
        - retrieval: {store: isolated}
      shared:
        - retrieval: {store: shared}
"""

AGENTS = """  - name: actor
    layers: [agents: {}]
  - name: doer
    layers: [agents: {}]
"""


TWO_AGENTS = """  - name: actor
    levels:
      a: [agents: {}]
      b: [agents: {}]
      told: [prompting: {}]
  - name: doer
    layers: [agents: {}]
"""


def composition(*settings: str) -> str:
    return "".join(f"  {one}\n" for one in ("composition:", *settings)).removeprefix("  ")


def study_file(folder: Path, text: str) -> Path:
    path = folder / "study.yaml"
    path.write_text(text)
    return path


def prepared(folder: Path, text: str) -> Prepared:
    return prepare(load_study(study_file(folder, text + PROBES)))


def layers_of(study: Prepared) -> dict[str, list[str]]:
    """By system: what it is told as, or its store."""
    return {
        cell.system.name: [str(getattr(layer, "representation", layer.name)) for layer in cell.system.layers]
        for cell in study.cells
    }


def names_of(study: Prepared) -> list[str]:
    return [one.name for one in study.study.systems]


def test_factors_become_systems_whose_layers_are_in_the_order_of_the_factors(tmp_path: Path) -> None:
    study = prepared(tmp_path, FACTORS + composition("design: full"))
    assert names_of(study)[0] == "unpersonalized"
    assert layers_of(study) == {
        "unpersonalized": [],
        "profile": ["profile"],
        "retrieval": ["retrieval"],
        "persona": ["persona"],
        "profile+retrieval": ["profile", "retrieval"],
        "profile+persona": ["profile", "persona"],
        "retrieval+persona": ["retrieval", "persona"],
        "profile+retrieval+persona": ["profile", "retrieval", "persona"],
    }


def test_knobs_of_a_factor_reach_its_layer(tmp_path: Path) -> None:
    study = prepared(tmp_path, FACTORS + composition("design: full"))
    (layer,) = next(cell.system for cell in study.cells if cell.system.name == "retrieval").layers
    assert layer.model_dump()["k"] == 2


def test_every_system_of_the_factors_is_asked_the_same(tmp_path: Path) -> None:
    study = prepared(tmp_path, FACTORS)
    asked = {
        name: {(cell.user.id, cell.item, cell.script.at_risk) for cell in study.cells
               if cell.system.name == name}
        for name in names_of(study)
    }  # fmt: skip
    assert len(asked) == 8
    assert asked["unpersonalized"]
    assert all(one == asked["unpersonalized"] for one in asked.values())


def test_a_composition_that_is_not_named_is_a_fraction_that_tells_effects_of_two(tmp_path: Path) -> None:
    assert names_of(prepared(tmp_path, FACTORS)) == names_of(
        prepared(tmp_path, FACTORS + composition("design: fractional", "resolution: 5"))
    )


def test_a_level_is_named_where_there_are_several(tmp_path: Path) -> None:
    study = prepared(tmp_path, FACTORS + STORE + composition("design: full"))
    assert len(names_of(study)) == 2**3 * 3
    told = {cell.system.name: [layer.model_dump() for layer in cell.system.layers] for cell in study.cells}
    assert [one["store"] for one in told["store shared"]] == ["shared"]
    assert [one["store"] for one in told["store isolated"]] == ["isolated"]
    assert [one.get("store") for one in told["persona+store shared"]] == [None, "shared"]
    assert not [name for name in told if "isolated" in name and "shared" in name]


def test_a_single_level_is_not_named(tmp_path: Path) -> None:
    only = STORE.split("      shared:")[0]
    study = prepared(tmp_path, FACTORS + only + composition("design: full"))
    assert {"store", "profile+store"} <= set(names_of(study))
    assert layout_of(study.study).factors["store"] == ("isolated",)


def test_the_layout_tells_back_what_each_system_has(tmp_path: Path) -> None:
    layout = layout_of(prepared(tmp_path, FACTORS + STORE + composition("design: full")).study)
    assert layout.factors["store"] == ("isolated", "shared")
    assert layout.design["persona+store shared"] == {
        "profile": "off", "retrieval": "off", "persona": "on", "store": "shared"
    }  # fmt: skip
    assert next(iter(layout.design)) == layout.by_combination[frozenset()] == "unpersonalized"
    assert (layout.further, layout.reversed) == ({}, {})


@pytest.mark.parametrize("pair", ["[profile, retrieval]", "[retrieval, profile]"])
def test_a_pair_of_orders_is_tried_both_ways_round(tmp_path: Path, pair: str) -> None:
    # Strength 1: the design is the base and as many systems as bring every factor once, not this pair.
    study = prepared(tmp_path, FACTORS + composition("design: covering", "strength: 1", f"orders: [{pair}]"))
    layout = layout_of(study.study)
    assert "profile+retrieval" not in layout.design
    assert names_of(study)[len(layout.design) :] == ["profile+retrieval", "retrieval+profile"]
    layers = layers_of(study)
    assert layers["profile+retrieval"] == ["profile", "retrieval"]
    assert layers["retrieval+profile"] == ["retrieval", "profile"]
    assert layout.reversed == {"retrieval+profile": "profile+retrieval"}
    assert list(layout.further) == ["profile+retrieval"]


def test_a_pair_that_the_design_has_is_asked_once(tmp_path: Path) -> None:
    study = prepared(
        tmp_path, FACTORS + composition("design: full", "orders: [[profile, persona], [profile, retrieval]]")
    )
    assert names_of(study)[8:] == ["persona+profile", "retrieval+profile"]
    layout = layout_of(study.study)
    assert (len(layout.design), layout.further) == (8, {})
    assert layout.reversed["persona+profile"] == "profile+persona"


def test_a_pair_that_is_named_twice_is_asked_once(tmp_path: Path) -> None:
    twice = "orders: [[profile, retrieval], [retrieval, profile]]"
    names = names_of(prepared(tmp_path, FACTORS + composition("design: full", twice)))
    assert len(names) == len(set(names))


def test_factors_that_exclude_each_other_are_never_together(tmp_path: Path) -> None:
    study = prepared(
        tmp_path, FACTORS + AGENTS + composition("design: optimal", "exclude: [[actor, doer]]", "order: 1")
    )
    assert {"actor", "doer"} <= {part for name in names_of(study) for part in name.split("+")}
    assert not [name for name in names_of(study) if "actor" in name and "doer" in name]


def test_a_level_can_exclude_another_factor(tmp_path: Path) -> None:
    names = names_of(
        prepared(
            tmp_path, FACTORS + STORE + composition("design: full", "exclude: [[store=shared, persona]]")
        )
    )
    assert len(names) == 24 - 4
    assert "persona+store isolated" in names
    assert "persona+store shared" not in names


@pytest.mark.parametrize("entries", ["[actor=a, doer], [actor=b, doer]", "[actor, doer]"])
def test_levels_that_act_may_be_excluded_one_by_one_or_with_their_factor(
    tmp_path: Path, entries: str
) -> None:
    settings = ("design: full", f"exclude: [{entries}]")
    names = names_of(prepared(tmp_path, FACTORS + TWO_AGENTS + composition(*settings)))
    assert ("actor told+doer" in names) == ("=" in entries)


def test_as_many_systems_are_taken_as_the_cells_allow(tmp_path: Path) -> None:
    each = len(prepared(tmp_path, FACTORS).cells) // 8
    more = AGENTS.split("  - name: doer")[0]

    def systems(*settings: str) -> int:
        study = prepared(tmp_path, FACTORS + more + composition("design: optimal", *settings))
        assert len(study.cells) == each * len(names_of(study))
        return len(names_of(study))

    assert systems() == 11  # the mean, four effects of one and six of two
    assert systems(f"cells: {13 * each}") == 13
    assert systems(f"cells: {14 * each - 1}") == 13
    assert systems("runs: 12", f"cells: {13 * each}") == 12
    with_orders = ("orders: [[profile, retrieval]]", f"cells: {14 * each}")
    assert 12 <= systems(*with_orders) <= 14


def test_an_optimal_design_with_exclusions_fits_into_the_cells(tmp_path: Path) -> None:
    each = len(prepared(tmp_path, FACTORS).cells) // 8
    settings = ("design: optimal", "exclude: [[profile, actor], [actor, doer]]", f"cells: {15 * each}")
    assert len(names_of(prepared(tmp_path, FACTORS + AGENTS + composition(*settings)))) == 15


def added(text: str) -> str:
    return FACTORS + text + PROBES


@pytest.mark.parametrize(
    ("wrong", "line", "said"),
    [
        ("name: none\n" + PROBES, 1, ("neither 'systems' nor 'factors'", "at least one system")),
        (added("systems: [{name: plain}]\n"), 1, ("'systems' and 'factors' are both given", "keep one")),
        (
            "name: a\nsystems: [{name: plain}]\n" + composition("design: full") + PROBES,
            1,
            ("'composition' combines 'factors', and there are none",),
        ),
        (added("  - name: memo\n"), 10, ("'memo' has one level", "give it 'layers'", "or 'levels'")),
        (
            added("  - name: memo\n    layers: [retrieval: {}]\n    levels: {a: [retrieval: {}]}\n"),
            10,
            ("'memo' has both 'layers' and 'levels'", "keep one"),
        ),
        (added(STORE.replace("isolated:\n", "off:\n")), 10, ("level 'off' of factor 'store'", "a name")),
        (added("  - name: memo\n    levels: {low: []}\n"), 10, ("level 'low'", "some layers")),
        (added("  - name: persona\n    layers: [retrieval: {}]\n"), 10, ("called 'persona'", "rename")),
        (added("  - name: a+b\n    layers: [retrieval: {}]\n"), 10, ("factors.3.name", "letters", "'a+b'")),
        (added(f"  - name: {'m' * 25}\n    layers: [retrieval: {{}}]\n"), 10, ("factors.3.name", "24")),
        (
            "name: a\nseed: 2\nfactors:\n  - name: b\n    layers: [retrieval: {}]\n" + PROBES,
            3,
            ("one factor alone", "two or more", "'systems'"),
        ),
        (FACTORS.replace("- prompting", "- promting") + PROBES, 9, ("'promting'", "'prompting'")),
        (FACTORS.replace("{k: 2}", "{kk: 2}") + PROBES, 6, ("layer 'retrieval'", "'kk'", "mean 'k'")),
        (added(STORE.replace("store: shared", "stor: shared")), 15, ("layer 'retrieval'", "mean 'store'")),
        (added(STORE.replace("- retrieval: {store: s", "- retreival: {store: s")), 15, ("mean 'retrieval'",)),
        (
            FACTORS + PROBES.replace("controls: 0}", "controls: 0, systems: [profile]}"),
            11,
            ("the factors make the systems", "leave 'systems' out"),
        ),
        (added(composition("desing: full")), 11, ("'composition.desing'", "mean 'design'")),
        (added(composition("tolerance: 0")), 11, ("composition.tolerance", "greater than 0")),
        (added(composition("resolution: 2")), 11, ("composition.resolution", "equal to 3")),
        (added(composition("design: full", "exclude: [[profile]]")), 12, ("composition.exclude", "least 2")),
        (
            added(composition("design: full", "exclude:", "- [profile, retrieval]", "- [persona, profil]")),
            14,
            ("'profil' is not a known factor", "mean 'profile'"),
        ),
        (
            added(STORE + composition("design: full", "exclude: [[profile, store=shard]]")),
            18,
            ("'shard' is not a known level of 'store'", "mean 'shared'"),
        ),
        (
            added(composition("design: full", "exclude: [[profile, retrieval=off]]")),
            12,
            ("'off' is not a known level of 'retrieval'", "There are: on"),
        ),
        (
            added(composition("orders: [[profile, persone]]")),
            11,
            ("'persone' is not a known factor", "mean 'persona'"),
        ),
        (added(composition("orders: [[persona, persona]]")), 11, ("two factors", "persona and persona")),
        (added(STORE + composition("orders: [[profile, store]]")), 17, ("one level each", "store")),
        (
            added(AGENTS),
            12,
            ("actor and doer both act", "cannot be together", "design: optimal", "[[actor, doer]]"),
        ),
        (
            added(AGENTS + composition("design: full", "exclude: [[actor, doer, persona]]")),
            12,
            ("actor and doer both act",),
        ),
        (
            added(TWO_AGENTS + composition("design: full", "exclude: [[actor=a, doer]]")),
            15,
            ("actor=b and doer both act", "exclude: [[actor=b, doer]]"),
        ),
        (added(TWO_AGENTS), 15, ("exclude: [[actor=a, doer], [actor=b, doer]]",)),
        (
            added("  - name: actor\n    layers:\n      - agents: {}\n      - agents: {}\n"),
            13,
            ("agents and agents both act", "keep one"),
        ),
        pytest.param(
            added("  - name: unpersonalized\n    layers: [retrieval: {}]\n"), 10, ("name", "unpersonalized"),
            id="a factor of the name of the base",
        ),
        pytest.param(
            added(STORE.replace("shared:\n", "a/b:\n") + composition("design: full")), 14, ("levels", "a/b"),
            id="a level that cannot stand in a system's name",
        ),
        pytest.param(
            added(composition("design: full", "exclude: [[profile, profile]]")), 12, ("profile",),
            id="a factor that excludes itself",
        ),
        pytest.param(
            added(composition("design: full",
                "exclude: [[profile, persona]]", "orders: [[persona, profile]]")),
            13, ("orders", "exclude"), id="an order of what is excluded",
        ),
        pytest.param(
            added("systems: [{name: a, composed: {levels: {profile: on}}}]\n"), 10, ("composed",),
            id="systems with what only the factors write",
        ),
    ],
)  # fmt: skip
def test_wrong_factors_are_named_with_their_line_and_what_would_do(
    tmp_path: Path, wrong: str, line: int, said: tuple[str, ...]
) -> None:
    path = study_file(tmp_path, wrong)
    with pytest.raises(InputError) as caught:
        prepare(load_study(path))
    message = str(caught.value)
    assert message.startswith((f"{path}, line {line}:", f"{path}, line {line},"))
    assert not [one for one in said if one not in message], message


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (STORE, ("composition.design: fractional: factor 'store'", "covering, optimal or full")),
        (composition("exclude: [[profile, persona]]"), ("composition.design: fractional", "design: optimal")),
        (
            composition("design: covering", "strength: 4"),
            ("composition.strength: 4 is more than the 3 factors", "at most 3"),
        ),
        (
            composition("design: optimal", "runs: 6"),
            (
                "composition.runs: 6 systems cannot tell 6 effects up to order 2",
                "at least 7",
                "lower 'order'",
            ),
        ),
    ],
)
def test_a_design_that_there_is_not_is_named_with_its_setting_and_what_would_do(
    tmp_path: Path, wrong: str, said: tuple[str, ...]
) -> None:
    with pytest.raises(InputError) as caught:
        prepared(tmp_path, FACTORS + wrong)
    message = str(caught.value)
    assert not [one for one in said if one not in message], message


def test_as_few_runs_as_there_are_effects_and_a_mean_do(tmp_path: Path) -> None:
    assert len(names_of(prepared(tmp_path, FACTORS + composition("design: optimal", "runs: 7")))) == 7


def test_too_few_cells_are_told_with_what_they_allow_and_what_is_needed(tmp_path: Path) -> None:
    each = len(prepared(tmp_path, FACTORS).cells) // 8

    def said(*settings: str) -> str:
        with pytest.raises(InputError, match=r"study 'stacks', composition\.cells") as caught:
            prepared(tmp_path, FACTORS + composition(*settings))
        return str(caught.value)

    message = said("design: optimal", f"cells: {3 * each}")
    assert f"{3 * each} cells allow 3 systems of {each} cells" in message
    assert "at least 7" in message
    message = said("design: optimal", f"cells: {5 * each}", "orders: [[profile, persona]]")
    assert f"allow 3 systems of {each} cells besides the 2 of 'orders'" in message
    message = said("design: full", f"cells: {8 * each - 1}")
    assert f"less than the {8 * each} cells of this design (8 systems of {each} cells)" in message
    assert f"allow {8 * each}" in message
    message = said("design: full", f"cells: {8 * each}", "orders: [[profile, persona]]")
    assert f"less than the {9 * each} cells" in message
    assert (
        len(prepared(tmp_path, FACTORS + composition("design: full", f"cells: {8 * each}")).cells) == 8 * each
    )


def test_cells_for_no_system_but_those_of_orders_are_told_without_a_negative_number(tmp_path: Path) -> None:
    each = len(prepared(tmp_path, FACTORS).cells) // 8
    with pytest.raises(InputError) as caught:
        prepared(
            tmp_path,
            FACTORS + composition("design: optimal", f"cells: {each}", "orders: [[profile, persona]]"),
        )
    assert "-1" not in str(caught.value)


def test_a_name_of_a_system_that_would_be_too_long_is_refused(tmp_path: Path) -> None:
    factors = "".join(
        f"  - name: a-factor-of-long-name-{place}\n    layers: [retrieval: {{k: {place}}}]\n"
        for place in range(1, 10)
    )
    text = "name: long\nfactors:\n" + factors + composition("design: full")
    with pytest.raises(InputError, match=r"factors: .* at most 200: give the factors shorter names"):
        prepared(tmp_path, text)


def test_a_name_of_a_system_may_be_as_long_as_a_system_may_be_called() -> None:
    layers = ({"retrieval": None},)
    factors = [FactorSpec(name=f"a-factor-of-long-n-{place}", layers=layers) for place in range(1, 10)]
    longest = run_name({one.name: "on" for one in factors}, factors)
    assert len(longest) == 188
    assert SystemSpec(name=longest).name == longest
    fits = [*factors, FactorSpec(name="eleven-here", layers=layers)]
    assert len(SystemSpec(name=run_name({one.name: "on" for one in fits}, fits)).name) == 200
    with pytest.raises(InputError, match="a name of 201 characters"):
        more = [*factors, FactorSpec(name="twelve-there", layers=layers)]
        run_name({one.name: "on" for one in more}, more)


def test_a_tolerance_of_none_needs_one_for_the_search(tmp_path: Path) -> None:
    strict = FACTORS.replace("name: stacks", "name: stacks\ntolerance: 0")
    with pytest.raises(InputError, match=r"study 'stacks', tolerance: .* set composition\.tolerance above 0"):
        settings_of(load_study(study_file(tmp_path, strict + PROBES)))
    study = load_study(study_file(tmp_path, strict + composition("tolerance: 0.1") + PROBES))
    assert settings_of(study).tolerance == 0.1


def test_a_tolerance_of_none_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    strict = FACTORS.replace("name: stacks", "name: stacks\ntolerance: 0")
    with pytest.raises(InputError, match=r"composition\.tolerance"):
        prepared(tmp_path, strict + composition("search: true"))


@pytest.mark.parametrize("name", ["a" * 200, "ж" * 200])
def test_a_system_of_the_longest_name_has_its_logs(tmp_path: Path, name: str) -> None:
    planted["long"] = lambda marks: 0.5
    study = Study.model_validate(
        {
            "name": "long", "model": "stack/long", "users": {"generate": 3},
            "systems": [{"name": name, "layers": [{"mark": {}}]}],
            "probes": [{"probe": "contraindicated_advice", "users": 2, "at_risk": 1, "controls": 0}],
        }
    )  # fmt: skip
    done = run_study(prepare(study), tmp_path)
    assert set(done.results["system"]) == {name}
    assert all((tmp_path / log).is_dir() for log in done.results["log"])
