"""Settings: the file shows the defaults, each is bounded and described."""

import yaml

from config.settings import PATHS, PROJECT_ROOT, SETTINGS_FILE, Settings, load_settings


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
