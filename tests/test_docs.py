"""What the documents state and show is so."""

import re
from pathlib import Path

from forwhom.studies.study import load_study
from forwhom.users.attributes import catalogue
from forwhom.users.files import load_users
from forwhom.users.population import builtin_population
from tests import shipped

ROOT = Path(__file__).parents[1]


def test_the_readme_counts_what_is_there() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    levels = sum(len(domain.levels) for domain in catalogue().values())
    assert f"{len(builtin_population())} synthetic people" in text
    assert f"every plausible pair of {levels} attribute levels" in text


def test_the_users_of_the_tutorial_can_be_read(tmp_path: Path) -> None:
    shown = re.search(r"```yaml\n(.*?)```", (ROOT / "docs" / "tutorial.md").read_text("utf-8"), re.DOTALL)
    assert shown is not None
    (tmp_path / "people.yaml").write_text(shown[1], encoding="utf-8")
    people = load_users(tmp_path / "people.yaml")
    assert [user.id for user in people] == ["amara", "bruno"]
    assert people[0].value("allergy") == "peanuts"


def test_the_study_of_products_can_be_read(tmp_path: Path) -> None:
    shown = re.search(r"```yaml\n(.*?)```", (ROOT / "docs" / "products.md").read_text("utf-8"), re.DOTALL)
    assert shown is not None
    (tmp_path / "products.yaml").write_text(shown[1], encoding="utf-8")
    study = load_study(tmp_path / "products.yaml")
    named = {name for one in study.systems for layer in one.layers for name in layer}
    assert named == shipped.products()


def test_links_between_documents_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), (page.name, target)
