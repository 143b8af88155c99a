"""The file of sources: typed, bounded, its errors named by file, line and field; entries added without loss."""

import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from config.settings import SOURCES_FILE, SettingsError
from config.sources import (
    Source,
    Sources,
    SourcesError,
    StartPoint,
    add_entry,
    load_sources,
    propose_entry,
)

ENTRY = propose_entry(name="el-faro", start=(("feed", "https://faro.example/rss"),), language="es", country="ES")
FULL = """# Our outlets
sources:
  - name: herald
    start:
      - feed: https://herald.example/rss.xml
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    return path


def test_it_ships_empty() -> None:
    assert load_sources(SOURCES_FILE) == Sources()


def test_the_commented_example_loads_names_every_field_and_shows_the_defaults(tmp_path: Path) -> None:
    lines = SOURCES_FILE.read_text(encoding="utf-8").splitlines()
    example = [line.removeprefix("# ") for line in lines if line.startswith("#   ")]
    (shown,) = load_sources(write(tmp_path, "sources:\n" + "\n".join(example))).sources
    stated = yaml.safe_load("\n".join(example))[0]
    assert stated.keys() == Source.model_fields.keys()
    assert [point.kind for point in shown.start] == ["feed", "sitemap", "section", "list"]
    for name in ("delay_s", "connections", "max_pages", "revisit_hours", "is_enabled"):
        assert getattr(shown, name) == Source.model_fields[name].default, name


@pytest.mark.parametrize("model", [Source, Sources, StartPoint])
def test_every_field_says_what_it_is(model: type[Source]) -> None:
    assert all(field.description for field in model.model_fields.values())
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"]


def test_a_list_may_be_a_file() -> None:
    assert StartPoint(list="urls/a.csv").is_local
    assert not StartPoint(list="https://a.example/urls.txt").is_local
    assert not StartPoint(feed="https://a.example/rss").is_local


def test_patterns_choose_pages() -> None:
    source = Source(
        name="a", start=(StartPoint(feed="https://a.example/f"),), include=(r"/\d{4}/", "/n/"), exclude=("/video/",)
    )
    urls = [
        "https://a.example/2026/x",
        "https://a.example/n/x",
        "https://a.example/x",
        "https://a.example/2026/video/x",
    ]
    assert [source.takes(url) for url in urls] == [True, True, False, False]


BAD = [
    ("sources: [", 1, "not YAML"),
    ("sources:\n  - name: a\n   start: x\n", 3, "not YAML"),
    ("sources: []\n\x07\n", 2, "not YAML"),
    ("sources: []\nsauces: []\n", 2, "sauces is unknown"),
    ("- name: a\n", 1, "the file"),
    (FULL + "    dealy_s: 3\n", 6, "sources[0].dealy_s is unknown"),
    (FULL + "    delay_s: -1\n", 6, "sources[0].delay_s"),
    (FULL + "    delay_s: .inf\n", 6, "sources[0].delay_s"),
    (FULL + "    connections: many\n", 6, "sources[0].connections"),
    (FULL + "    zone: Mars/Olympus\n", 6, "sources[0].zone must be a zone"),
    (FULL + "    zone: ../../etc/passwd\n", 6, "sources[0].zone must be a zone"),
    (FULL + "    country: XX\n", 6, "sources[0].country must be a country code"),
    (FULL + "    country: NO\n", 6, 'sources[0].country is read as true or false; write it in quotes, as "no"'),
    (FULL + "    language: french\n", 6, "sources[0].language"),
    (FULL + "    include: ['[a']\n", 6, "sources[0].include[0] must be a regular expression"),
    (FULL + "    exclude:\n      - ok\n      - '(b'\n", 8, "sources[0].exclude[1] must be a regular expression"),
    (FULL + "    name: other\n", 6, "name is stated twice"),
    (FULL + "  - name: herald\n    start: [{feed: https://b.example/}]\n", 6, "'herald' is that of line 3 already"),
    (FULL + "  - name: b\n", 6, "sources[1].start Field required"),
    (FULL + "  - name: b\n    start: []\n", 7, "sources[1].start"),
    (FULL + "      - feed: ftp://b.example/\n", 6, "sources[0].start[1].feed must be an address"),
    (FULL + "      - feed: https://me:secret@b.example/\n", 6, "sources[0].start[1].feed must not hold a user"),
    (FULL + "      - {sitemap: https://b.example/, feed: https://b.example/}\n", 6, "sources[0].start[1] must be one"),
    (FULL + "      - blog: https://b.example/\n", 6, "sources[0].start[1].blog is unknown"),
    (FULL.replace("herald\n", "The Herald\n"), 3, "sources[0].name must be small letters"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "said"), BAD)
def test_an_error_names_file_line_and_field_in_one_sentence(tmp_path: Path, text: str, line: int, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SourcesError) as caught:
        load_sources(path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert said in message
    assert "\n" not in message
    assert "secret" not in message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load_sources(tmp_path / "none.yaml")


@pytest.mark.parametrize("text", ["", "# nothing\n", "sources:\n", "sources: []\n"])
def test_an_empty_file_holds_no_sources(tmp_path: Path, text: str) -> None:
    assert load_sources(write(tmp_path, text)) == Sources()


FILES = {
    "shipped": SOURCES_FILE.read_text(encoding="utf-8"),
    "empty": "",
    "comment": "# nothing",
    "null": "sources:   # none yet\n# end\n",
    "one": FULL,
    "without a last line break": FULL.rstrip(),
    "comments after": FULL + "    # of the herald\n\n# the end\n",
    "not indented": "sources:\n- name: b\n  start:\n  - feed: https://b.example/  # main\n# end\n",
    "flow list in the last": "sources:\n- name: b\n  start: [{feed: 'https://b.example/'}]\n  include: [a,\n   b]\n",
    "windows": FULL.replace("\n", "\r\n"),
    "block scalar": FULL + "    exclude:\n      - |-\n        /video/\n",
}


@pytest.mark.parametrize("name", FILES)
def test_an_entry_is_added_and_every_line_of_the_file_stays(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, FILES[name])
    before = load_sources(path).sources
    added = add_entry(path, ENTRY)
    after = path.read_bytes().decode()
    assert load_sources(path).sources == (*before, added)
    assert (added.name, added.language, added.country, added.start[0].address) == (
        "el-faro",
        "es",
        "ES",
        "https://faro.example/rss",
    )
    kept = [line for line in FILES[name].splitlines() if "#" in line or "b.example" in line]
    assert [line.replace(" []", "") for line in kept if line not in after] == []
    assert ("\r\n" in after) == (name == "windows")


def test_two_entries_are_added_one_after_the_other(tmp_path: Path) -> None:
    path = write(tmp_path, FILES["shipped"])
    add_entry(path, ENTRY)
    add_entry(path, propose_entry(name="b", start=(("sitemap", "https://b.example/s.xml"),)))
    assert [source.name for source in load_sources(path).sources] == ["el-faro", "b"]


@pytest.mark.parametrize(
    ("text", "entry", "said"),
    [
        (
            FULL.replace("herald\n", "el-faro\n"),
            ENTRY,
            r"line 6: sources\[1\].name 'el-faro' is that of line 3 already",
        ),
        (FULL, ENTRY.replace("https", "ftp"), r"line 10: sources\[1\].start\[0\].feed"),
        (FULL, ENTRY + ENTRY.replace("el-faro", "b"), "got 2"),
        ("sources: [{name: b, start: [{feed: 'https://b.example/'}]}]\n", ENTRY, "by hand"),
    ],
)
def test_an_entry_that_cannot_be_added_leaves_the_file_as_it_was(
    tmp_path: Path, text: str, entry: str, said: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(SourcesError, match=said):
        add_entry(path, entry)
    assert path.read_text(encoding="utf-8") == text
    assert list(tmp_path.iterdir()) == [path]


def test_the_mode_of_the_file_stays_and_a_link_stays_a_link(tmp_path: Path) -> None:
    path = write(tmp_path, FULL)
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    add_entry(link, ENTRY)
    assert link.is_symlink()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert len(load_sources(path).sources) == 2


@settings(deadline=None, max_examples=200)
@given(
    st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}", fullmatch=True),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), max_size=30),
    st.sampled_from([None, "no", "fr", "ar"]),
    st.sampled_from([None, "NO", "MA"]),
)
def test_a_proposed_entry_loads_as_what_was_proposed(
    name: str, path: str, language: str | None, country: str | None
) -> None:
    address = f"https://a.example/{path}"
    text = propose_entry(name=name, start=(("section", address),), language=language, country=country)
    stated = Source.model_validate(yaml.safe_load(text)[0])
    assert (stated.name, stated.start[0].address, stated.language, stated.country) == (name, address, language, country)
