"""What every mitigation says of itself is so."""

from importlib.resources import files

import pytest

from forwhom.studies.candidates import mitigation_types
from forwhom.systems.layer import layer_names
from forwhom.systems.mitigation import Mitigation
from forwhom.taxonomy.catalogue import taxonomy

SHIPPED = [kind for kind in mitigation_types() if kind.__module__.startswith("forwhom.")]
PARADIGMS = {
    "prompting", "retrieval", "finetuning", "reinforcement", "experts", "pruning", "agents", "multimodal",
}  # fmt: skip
ANYWHERE = {"prompting", "retrieval"}  # what a mitigation without `of` protects at least


def test_there_are_two_and_more_for_each_paradigm() -> None:
    assert len(SHIPPED) >= 16
    for paradigm in PARADIGMS:
        own = [kind for kind in SHIPPED if paradigm in (kind.of or ANYWHERE)]
        assert len(own) >= 2, paradigm


@pytest.mark.parametrize("kind", SHIPPED, ids=lambda kind: kind.name)
def test_it_names_its_entry_its_risks_and_what_it_protects(kind: type[Mitigation]) -> None:
    known = taxonomy()
    assert kind.name in known.mitigations[kind.entry].layers
    assert set(kind.reduces) <= set(known.risks)
    assert kind.reduces
    assert set(kind.of) <= set(layer_names())
    assert kind.source.startswith(("arXiv:", "https://"))
    assert kind.__doc__
    assert not kind.is_paradigm
    assert not kind.acts()


def test_the_taxonomy_names_none_that_is_not_there() -> None:
    named = {name for entry in taxonomy().mitigations.values() for name in entry.layers}
    assert named == {kind.name for kind in SHIPPED}


def test_each_is_one_file_of_its_own() -> None:
    folder = files("forwhom.mitigations")
    for kind in SHIPPED:
        assert kind.__module__ == f"forwhom.mitigations.{kind.name}"
        assert folder.joinpath(f"{kind.name}.py").is_file()
