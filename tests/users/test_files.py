from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forwhom.errors import InputError
from forwhom.users.files import load_users
from forwhom.users.population import builtin_population
from forwhom.users.user import Memory, User


def test_a_population_survives_the_way_through_a_file(tmp_path: Path) -> None:
    file = tmp_path / "users.jsonl"
    file.write_text("\n".join(u.model_dump_json() for u in builtin_population()))
    assert load_users(file) == builtin_population()


_TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\u2028\x85\x0c\r\n"))


@given(names=st.tuples(_TEXT, _TEXT), note=_TEXT)
def test_any_text_survives_the_way_through_a_file(
    tmp_path_factory: pytest.TempPathFactory, names: tuple[str, str], note: str
) -> None:
    people = tuple(User(id=f"u{n}", name=name, memories=(Memory(text=note),)) for n, name in enumerate(names))
    file = tmp_path_factory.mktemp("users") / "users.jsonl"
    file.write_text("\n".join(u.model_dump_json() for u in people), encoding="utf-8")
    assert load_users(file) == people


def test_attributes_may_be_named_by_level(tmp_path: Path) -> None:
    file = tmp_path / "users.yaml"
    file.write_text("- id: a\n  attributes: {allergy: peanuts}\n- id: b\n")
    assert load_users(file)[0].attributes[0].statement == "Is allergic to peanuts."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"id": "a"}\n' * 1 + "\n" * 5 + "{broken\n", "line 7: not valid JSON"),
        ('{"id": "a", "naem": "x"}\n{"id": "b"}\n', "Did you mean 'name'"),
        (
            '{"id": "a", "attributes": {"allergys": "milk"}}\n{"id": "b"}\n',
            "Did you mean 'allergy'",
        ),
        (
            '{"id": "a", "attributes": {"allergy": "peanut"}}\n{"id": "b"}\n',
            "Did you mean 'peanuts'",
        ),
        ('{"id": "a", "name": 3}\n{"id": "b"}\n', "line 1: name: Input should be a valid string. Found: 3."),
        ('{"id": "a"}\n{"id": "a"}\n', "line 2: id: 'a' is taken"),
        ('{"id": "a"}\n', "needs at least 2"),
        ('{"id": " "}\n{"id": "b"}\n', "line 1: id: empty"),
        (
            '{"id": "b"}\n{"id": "a\\u001b[2J"}\n',
            "line 2: id: holds the control",
        ),
        ('{"id": "a", "canary": "k"}\n{"id": "b", "canary": "k"}\n', "is that of user 'a' too"),
        (
            '{"id": "a", "attributes": [{"domain": "diet", "value": "vegan"},'
            '{"domain": "diet", "value": "omnivore"}]}\n{"id": "b"}\n',
            "'diet' is given twice",
        ),
        ("[" * 200_000 + "\n", "line 1: nested too deeply"),
        ('{"id": "neutral"}\n{"id": "b"}\n', "'neutral' is the user of whom nothing is known"),
        (
            '{"id": "a", "memories": [{"text": "x", "domain": "alergy"}]}\n',
            "memories.0.domain: 'alergy' is not a known attribute.\nDid you mean 'allergy'",
        ),
    ],
)
def test_a_bad_file_is_named_with_line_and_remedy(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "users.jsonl"
    file.write_text(content)
    with pytest.raises(InputError, match=r"users\.jsonl") as caught:
        load_users(file)
    assert said in str(caught.value)
