"""How far a request to forget reaches in a conversation: ratings, pictures, and what was known before."""

import asyncio
from collections.abc import Sequence

import pytest

from forwhom.systems.comparisons import earlier_feedback, own_comparisons
from forwhom.systems.conversation import play
from forwhom.systems.layer import Exchange, Layer
from forwhom.systems.pictures.picture import Picture, Place
from forwhom.systems.system import System
from forwhom.systems.turns import Turn
from forwhom.users.population import builtin_population
from tests.controls.watching import Watching

USER = builtin_population()[0]
PLACE = Place(name="Alder Row", latitude=-45, longitude=-27)
TOLD = (
    Turn("feedback", "Where to eat?", options=("At the Heron.", "At home.")),
    Turn("feedback", "Where to swim?", options=("In the lake.", "Not at the Heron.")),
    Turn("feedback", "Where to read?", options=("In bed.", "In a park.")),
    Turn("say", "Look: [picture]", picture=Picture(kind="poster", lines=("Jazz at the Heron",))),
    Turn("say", "And here.", picture=Picture(kind="photo", caption="Lunch", place=PLACE)),
    Turn("new_session", ""),
)


def after(*turns: Turn, layers: Sequence[Layer] = ()) -> Exchange:
    """The exchange in the session after TOLD and `turns`, which ask nothing."""
    watching = Watching()
    system = System(name="watched", layers=(*layers, watching))
    asyncio.run(play(system, None, [*TOLD, *turns], USER, {}))  # type: ignore[arg-type]
    return watching.seen


def rated(exchange: Exchange) -> list[str]:
    return [one.prompt for one in earlier_feedback(exchange)]


def test_a_rating_is_forgotten_with_either_answer_and_no_other_rating_is() -> None:
    assert rated(after()) == ["Where to eat?", "Where to swim?", "Where to read?"]
    assert rated(after(Turn("forget", "the Heron"))) == ["Where to read?"]
    assert rated(after(Turn("forget", "Where to read?"))) == ["Where to eat?", "Where to swim?"]


@pytest.mark.parametrize(("named", "left"), [("Jazz", ["Lunch"]), ("Lunch", [""]), ("Alder", [""]), ("", [])])
def test_a_picture_is_forgotten_with_its_lines_its_caption_and_its_place(named: str, left: list[str]) -> None:
    log = after(Turn("forget", named)).log
    assert [one.picture.caption for one in log if one.picture] == left


def test_the_empty_text_forgets_all_that_was_told_and_a_text_that_nobody_told_nothing() -> None:
    everything = after(Turn("forget", ""))
    assert [one.kind for one in everything.log] == ["forget"]
    assert everything.known.is_neutral
    nothing = after(Turn("forget", "a zeppelin of brass"))
    assert nothing.log[:-1] == after().log
    assert nothing.known == USER


def test_what_was_preferred_before_the_conversation_is_forgotten_too() -> None:
    taste = USER.preferences[0]
    prompts = [one.prompt for one in own_comparisons(after(Turn("forget", taste.chosen)).known)]
    assert taste.prompt not in prompts
    assert len(prompts) == len(USER.preferences) - 1


@pytest.mark.parametrize("unlearns", [True, False])
def test_an_adapter_that_is_not_trained_anew_still_knows_ratings_and_tastes(unlearns: bool) -> None:
    pytest.importorskip("torch")
    from forwhom.paradigms.finetuning import Adapters, FineTuning

    layer, taste = FineTuning(unlearns=unlearns), USER.preferences[0]
    asked = [Turn("forget", "At the Heron."), Turn("forget", taste.chosen)]
    change = layer.weights(after(*asked, layers=(layer,)))
    assert isinstance(change, Adapters)
    learned = {example.answer for example in change.histories[0]}
    assert learned & {"At the Heron.", taste.chosen} == (
        set() if unlearns else {"At the Heron.", taste.chosen}
    )
    assert "In bed." in learned


def test_what_others_rated_is_theirs_and_they_make_nothing_forgotten() -> None:
    other = builtin_population()[1]
    rating = Turn("feedback", "Where to sit?", "other_user", other.id, options=("At the Heron.", "At home."))
    people = {one.id: one for one in (USER, other)}
    watching = Watching()
    for asker, left in (("user", [rating.text]), ("other_user", ["Where to eat?", rating.text])):
        forget = Turn("forget", "Heron", asker, other.id)
        script = [TOLD[0], rating, forget]
        asyncio.run(play(System(name="x", layers=(watching,)), None, script, USER, people))  # type: ignore[arg-type]
        assert [one.text for one in watching.seen.log if one.kind == "feedback"] == left
