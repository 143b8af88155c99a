"""Settings: the file shows the defaults, each is bounded and described."""

import json
from pathlib import Path

import pytest
import yaml

from config.settings import PATHS, PROJECT_ROOT, SETTINGS_FILE, Settings, SettingsError, load_settings


def test_the_settings_file_holds_the_defaults_of_the_code() -> None:
    stated = yaml.safe_load(SETTINGS_FILE.read_text(encoding="utf-8"))
    default = Settings().model_dump()
    for name, value in stated.items():
        expected = default[name]
        shown = PROJECT_ROOT / value if name in PATHS else value
        assert shown == expected, name
    assert set(default) - set(stated) == {"workers", "contact", "ledger_url", "named_hosts"}


def test_every_setting_says_what_it_is() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_overrides_of_none_do_not_count() -> None:
    assert load_settings(workers=None) == load_settings()
    assert load_settings(workers=3).workers == 3


def stated(folder: Path, recognisers: object) -> Path:
    file = folder / "mine.yaml"
    file.write_text(json.dumps({"recognisers": recognisers}), encoding="utf-8")
    return file


def test_a_language_that_is_not_stated_keeps_its_recogniser(tmp_path: Path) -> None:
    settings = load_settings(stated(tmp_path, {"fr": "lexicon", "de": "de_core_news_md"}))
    assert settings.recognisers == {**Settings().recognisers, "fr": "lexicon", "de": "de_core_news_md"}
    assert list(settings.recogniser_choices) == sorted(settings.recognisers.items())


def test_the_path_of_a_pipeline_is_relative_to_the_project(tmp_path: Path) -> None:
    settings = load_settings(stated(tmp_path, {"fr": "models/mine", "en": f"{tmp_path}/other"}))
    assert settings.recognisers["fr"] == str(PROJECT_ROOT / "models" / "mine")
    assert settings.recognisers["en"] == f"{tmp_path}/other"


@pytest.mark.parametrize(
    ("recognisers", "complaint"),
    [
        ({"fx": "lexicon"}, "'fx' is no code of a language that texts are told to be in"),
        ({"français": "lexicon"}, "'français' is no code of a language"),
        ({"fr": "fr-core news"}, "'fr-core news' (fr) is not trained, permissive, lexicon, or a spaCy pipeline"),
        ({"fr": ""}, "'' (fr) is not trained"),
        ({"fr": 3}, "recognisers.fr"),
        (["fr"], "recognisers"),
        ("trained", "recognisers"),
    ],
)
def test_an_unknown_language_or_recogniser_is_one_sentence(recognisers: object, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as told:
        load_settings(stated(tmp_path, recognisers))
    assert complaint in str(told.value)
    assert "mine.yaml" in str(told.value)
    assert "\n" not in str(told.value)
