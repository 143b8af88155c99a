"""Identities through whole builds: one id across documents, languages and runs, and `entities` made of them."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.settings import GAZETTEERS
from tasks.clusters import read_forms
from tasks.corpus.identities import ROLE, Cluster, NameForm, blocks_of, cluster_names, companion_hash, identities
from tasks.corpus.name_lexicon import NameLexicon
from tasks.lexicons.titles import load_titles
from tasks.lexicons.words import name_key
from tasks.plan import unsettled_files
from tasks.records.errors import RunFailed
from tasks.store.files import commit_temp, temp_path, write_temp
from tasks.store.layout import NAME_FORMS, file_path
from tasks.store.tables import schema_of
from tests.driver import build, dataset_bytes

pytestmark = pytest.mark.pool

DAY = datetime(2024, 5, 1, 8, tzinfo=UTC)
FRENCH = "Le maire {name} a ouvert la séance du conseil à Casablanca mardi matin, devant les habitants, numéro {n}."
ARABIC = "قال السيد {name} رئيس المجلس البلدي في الدار البيضاء إن الجلسة رقم {n} ستفتح يوم الثلاثاء أمام سكان الحي."
FILLER = {
    FRENCH: "La réunion a duré trois heures et les élus ont parlé du budget et des écoles, point {n}.",
    ARABIC: "ودام الاجتماع ثلاث ساعات وتحدث المنتخبون عن الميزانية والمدارس والطرق في المدينة، النقطة {n} من الجدول.",
}
# Who is named in which document, in which language and how many days after the first; each list is one container.
STORIES: dict[str, list[tuple[str, str, int]]] = {
    "a.jsonl": [(FRENCH, "Karim Sayegh", 5), (ARABIC, "كريم صايغ", 6), (FRENCH, "Nadia Hamadi", 2)],
    "b.jsonl": [(ARABIC, "كريم صايغ", 1), (FRENCH, "Karim Sayegh", 9), (FRENCH, "Samir Sayegh", 4)],
    "c.jsonl": [(FRENCH, "Nadia Hammadi", 0), (FRENCH, "Mohamed Lazrak", 3), (FRENCH, "Muhammad Lazrak", 8)],
    "d.jsonl": [(FRENCH, "Mohammed Lazrak", 1), (ARABIC, "نادية حمادي", 7)],
}


def write(raw: Path, name: str, stories: list[tuple[str, str, int]] | None = None) -> None:
    raw.mkdir(parents=True, exist_ok=True)
    rows = []
    for number, (text, person, days) in enumerate(stories if stories is not None else STORIES[name]):
        lines = [
            text.format(name=person, n=f"{days}{number}"),
            *(FILLER[text].format(n=f"{number}{n}") for n in range(4)),
        ]
        body = "".join(f"<p>{line}</p>" for line in lines)
        html = f"<html><head><title>{number}</title></head><body><article>{body}</article></body></html>"
        url = f"https://{name.partition('.')[0]}-{number}.example/{days}"
        rows.append({"url": url, "html": html, "fetched_at": (DAY + timedelta(days=days)).isoformat()})
    (raw / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def write_stories(raw: Path) -> None:
    for name in STORIES:
        write(raw, name)


def documents(out: Path) -> list[dict[str, Any]]:
    return [row for path in sorted((out / "documents").rglob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def entities(out: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(out / "entities" / "entities.parquet").to_pylist()
    return rows


def ids_of(out: Path, *surfaces: str) -> set[str | None]:
    return {e["entity_id"] for row in documents(out) for e in row["entities"] if e["surface"] in surfaces}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The raw folder and the output folder of all stories, built at once."""
    folder = tmp_path_factory.mktemp("whole")
    write_stories(folder / "raw")
    build(folder / "raw", folder / "out")
    return folder / "raw", folder / "out"


@pytest.fixture
def copy(whole: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """A copy of both that a test may change."""
    raw, out = tmp_path / "raw", tmp_path / "out"
    shutil.copytree(whole[0], raw)
    build(raw, out)
    return raw, out


def test_one_person_in_two_languages_has_one_id(whole: tuple[Path, Path]) -> None:
    out = whole[1]
    (karim,) = ids_of(out, "Karim Sayegh", "كريم صايغ")
    (samir,) = ids_of(out, "Samir Sayegh")
    assert karim is not None
    assert karim != samir
    assert len(ids_of(out, "Mohamed Lazrak", "Muhammad Lazrak", "Mohammed Lazrak")) == 1
    assert ids_of(out, "Casablanca", "الدار البيضاء") == {"geo:2553604"}


def test_entities_are_what_documents_say(whole: tuple[Path, Path]) -> None:
    out = whole[1]
    mentions: dict[str, list[tuple[str, str, datetime, str]]] = defaultdict(list)
    for row in documents(out):
        for e in row["entities"]:
            if e["entity_id"]:
                mentions[e["entity_id"]].append((row["document_id"], row["language"], row["fetched_at"], e["surface"]))
    found = {row["entity_id"]: row for row in entities(out)}
    assert found.keys() == mentions.keys()
    for entity_id, named in mentions.items():
        row = found[entity_id]
        assert row["n_mentions"] == len(named)
        assert row["n_documents"] == len({document_id for document_id, *_ in named})
        assert row["first_seen_at"] == min(at for _, _, at, _ in named)
        assert row["last_seen_at"] == max(at for _, _, at, _ in named)
        assert set(row["surfaces"]) == {surface for *_, surface in named}
        for language, name in ((n["language"], n["name"]) for n in row["names"]):
            counts = Counter(surface for _, lang, _, surface in named if lang == language)
            assert counts[name] == max(counts.values())
        assert {n["language"] for n in row["names"]} == {language for _, language, *_ in named}


def test_forms_know_the_roles_that_texts_give(whole: tuple[Path, Path]) -> None:
    paths = sorted((whole[1] / NAME_FORMS).rglob("*.parquet"))
    rows = [row for path in paths for row in pq.read_table(path).to_pylist() if row["key"] == "karim sayegh"]
    assert rows
    assert all(companion_hash(ROLE, "maire") in row["companions"] for row in rows)


def test_aliases_are_borne_by_no_document(whole: tuple[Path, Path]) -> None:
    rows = entities(whole[1])
    aliases = {alias for row in rows for alias in row["aliases"]}
    assert aliases
    assert not aliases & {row["entity_id"] for row in rows}


@pytest.mark.parametrize("seed", range(4))
def test_settled_bytes_are_those_of_one_build_in_any_order(whole: tuple[Path, Path], tmp_path: Path, seed: int) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    draw = random.Random(seed)
    names = draw.sample(list(STORIES), len(STORIES))
    for name in names:
        write(raw, name)
        build(raw, out, workers=1 + seed % 2, settle=draw.random() < 0.3)
    build(raw, out, workers=2, settle=True)
    assert dataset_bytes(out) == dataset_bytes(whole[1])


def test_an_earlier_document_changes_the_id_once_all_is_settled(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write(raw, "a.jsonl")
    build(raw, out)
    (before,) = ids_of(out, "Karim Sayegh")
    write(raw, "b.jsonl")
    build(raw, out)
    build(raw, out, settle=True)
    (after,) = ids_of(out, "Karim Sayegh", "كريم صايغ")
    assert after != before
    assert before in {alias for row in entities(out) if row["entity_id"] == after for alias in row["aliases"]} | {
        before
    }


def inodes(out: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.rglob("*.parquet")}


@pytest.mark.parametrize("settle", [False, True])
def test_a_run_with_nothing_new_writes_nothing(copy: tuple[Path, Path], settle: bool) -> None:
    before = inodes(copy[1])
    build(*copy, settle=settle)
    assert inodes(copy[1]) == before


def damage(path: Path) -> None:
    path.write_bytes(b"PAR1 damaged PAR1")


def damage_rows(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4:200] = b"\xff" * 196
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("harm", [Path.unlink, damage], ids=["deleted", "damaged"])
def test_lost_entities_come_back_with_their_aliases(copy: tuple[Path, Path], harm: Callable[[Path], None]) -> None:
    whole = dataset_bytes(copy[1])
    harm(copy[1] / "entities" / "entities.parquet")
    build(*copy)
    assert dataset_bytes(copy[1]) == whole


def test_entities_whose_rows_are_damaged_come_back_when_they_are_needed(copy: tuple[Path, Path]) -> None:
    whole = dataset_bytes(copy[1])
    damage_rows(copy[1] / "entities" / "entities.parquet")
    build(*copy, settle=True)
    assert dataset_bytes(copy[1]) == whole


@pytest.mark.parametrize("which", ["one", "all"])
def test_documents_whose_name_forms_are_lost_are_settled_again(copy: tuple[Path, Path], which: str) -> None:
    whole = dataset_bytes(copy[1])
    lost = sorted((copy[1] / "name_forms").rglob("*.parquet"))
    for path in lost[:1] if which == "one" else lost:
        path.unlink()
    report = build(*copy)
    assert report.n_settled == (1 if which == "one" else len(STORIES))
    assert dataset_bytes(copy[1]) == whole


def test_an_output_folder_from_before_identities_is_upgraded_by_a_run(copy: tuple[Path, Path]) -> None:
    whole = dataset_bytes(copy[1])
    shutil.rmtree(copy[1] / "name_forms")
    shutil.rmtree(copy[1] / "entities")
    build(*copy)
    assert dataset_bytes(copy[1]) == whole


def test_documents_that_name_nobody_make_no_entity(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    line = "il pleut sur la plaine et le vent souffle depuis hier soir sans que rien ne bouge dans les champs, numéro"
    html = "".join(f"<p>{line} {n}.</p>" for n in range(5))
    row = {"url": "https://a.example/1", "html": f"<html><body><article>{html}</article></body></html>"}
    (raw / "a.jsonl").write_text(json.dumps(row) + "\n")
    build(raw, tmp_path / "out")
    (document,) = documents(tmp_path / "out")
    assert document["entities"] == []
    assert entities(tmp_path / "out") == []
    before = inodes(tmp_path / "out")
    build(raw, tmp_path / "out", settle=True)
    assert inodes(tmp_path / "out") == before


def test_a_batch_that_changes_takes_its_aliases_with_it(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write_stories(raw)
    build(raw, out)
    write(raw, "c.jsonl", [(FRENCH, "Amal Sefrioui", 3)])
    write(raw, "d.jsonl", [(FRENCH, "Amal Sefrioui", 1)])
    build(raw, out)
    build(raw, out, settle=True)
    build(raw, tmp_path / "fresh")
    assert dataset_bytes(out) == dataset_bytes(tmp_path / "fresh")


def test_pages_that_are_pruned_leave_no_entity(copy: tuple[Path, Path], tmp_path: Path) -> None:
    """`prune` unlinks pages files; all that was made of them follows."""
    raw, out = copy
    (raw / "b.jsonl").unlink()
    (gone,) = (p for p in (out / "pages").rglob("*.parquet") if b'"container": "b.jsonl"' in p.read_bytes())
    gone.unlink()
    build(raw, out)
    build(raw, out, settle=True)
    build(raw, tmp_path / "fresh")
    assert dataset_bytes(out) == dataset_bytes(tmp_path / "fresh")


FULL_DISK = "import pathlib; pathlib.Path.write_text = lambda *_: os.write(os.open('/dev/full', 1), b'x')"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("os.kill(os.getpid(), 9)", "exit code -9"),
        ("sys.exit('planted here')", "planted here"),
        (FULL_DISK, r"the disk is full \(No space left on device\); make room and run again, what was finished stays"),
    ],
)
def test_identities_that_fail_are_one_sentence_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, reason: str
) -> None:
    raw, out, poison = tmp_path / "raw", tmp_path / "out", tmp_path / "poison"
    write_stories(raw)
    poison.mkdir()
    # It strikes the process of identities alone: no other has that module for its program.
    program = f"import os, sys\nif 'tasks.clusters' in sys.orig_argv:\n    {fault}\n"
    (poison / "sitecustomize.py").write_text(program)
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", str(poison))
        with pytest.raises(RunFailed, match=rf"^who is who could not be found \((SystemExit: )?{reason}\)$"):
            build(raw, out)
    assert len(list((out / "pages").rglob("*.parquet"))) == len(STORIES)
    build(raw, out)
    build(raw, tmp_path / "fresh")
    assert dataset_bytes(out) == dataset_bytes(tmp_path / "fresh")


KILL_AFTER = """
import os, signal, sys
from pathlib import Path
import tasks.store.files
before = os.replace
left = [int(sys.argv[4])]
def replace(source, to):
    before(source, to)
    if f"/{sys.argv[3]}/" in str(to):
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
os.replace = replace
from tests.driver import build
if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]), workers=1)
"""


@pytest.mark.crash
@pytest.mark.parametrize(
    ("dataset", "n_files"), [("name_forms", 1), ("name_forms", 4), ("documents", 1), ("documents", 4)]
)
def test_a_kill_between_names_documents_and_entities_costs_nothing(
    whole: tuple[Path, Path], tmp_path: Path, dataset: str, n_files: int
) -> None:
    out, program = tmp_path / "out", tmp_path / "kill_after.py"
    program.write_text(KILL_AFTER)
    root = str(Path(__file__).resolve().parents[2])
    done = subprocess.run(
        [sys.executable, str(program), str(whole[0]), str(out), dataset, str(n_files)],
        env={**os.environ, "PYTHONPATH": root}, capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr
    assert not (out / "entities" / "entities.parquet").exists()
    build(whole[0], out)
    assert dataset_bytes(out) == dataset_bytes(whole[1])


# --- comparing near names only ---------------------------------------------------------------------------------------

LEXICON = NameLexicon(symbols=lambda _: frozenset(), transliterate=lambda name: name)
GIVEN = ("Karim", "Kareem", "Karima", "Mohamed", "Muhammad", "Omar", "Amar", "كريم", "محمد", "عمر", "Marc", "Isaac",
         "Ishak", "Abd el-Kader", "Abdelkader", "عبد القادر", "J.", "Владимир", "Office", "OGP", "O G P")  # fmt: skip
MIDDLE = ("", "", "W.", "H.", "Ben", "El", "بن", "du")
FAMILY = ("Tazi", "El Tazi", "Tazzi", "Ettazi", "التازي", "Bucceri", "Buceri", "Benali", "Ben Ali", "بن علي", "Hadad",
          "Haddad", "حداد", "VI", "Тестов", "Port", "", "Sefrioui", "Sefriouy", "Sefroui", "🙂")  # fmt: skip


def write_forms_file(out: Path, number: int, names: list[tuple[str, str, int, list[str]]]) -> Path:
    """A real name_forms file of (type, name, day, acronyms)."""
    rows = {}
    for type_, name, day, acronyms in names:
        form = NameForm(type_, name_key(name), name, (day, f"{number:032x}"))
        keys = sorted(map(name_key, acronyms)) if type_ == "ORG" else []
        rows[type_, form.key] = {
            "type": type_, "key": form.key, "name": name, "first_fetched_at": DAY + timedelta(days=day),
            "first_document_id": f"{number:032x}", "n_documents": 1 + day % 3,
            "blocks": sorted(blocks_of(form, acronyms=keys, lexicon=LEXICON)), "acronyms": keys,
            "companions": sorted({(len(name) * n + day) % 7 for n in range(6)}),
        }  # fmt: skip
    schema = schema_of(NAME_FORMS)
    path = file_path(out, NAME_FORMS, crawl_date="2024-05-01", batch_id=f"{number:016x}")
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = temp_path(path)
    table = pa.Table.from_pylist([rows[key] for key in sorted(rows)], schema=schema)
    commit_temp(temp, path, n_rows=write_temp(temp, [table], dataset=NAME_FORMS, footer=lambda _: {}).n_rows)
    return path


def drawn_name(draw: random.Random) -> tuple[str, str, int, list[str]]:
    while True:
        name = " ".join(filter(None, (draw.choice(GIVEN), draw.choice(MIDDLE), draw.choice(FAMILY))))
        if draw.random() < 0.1:
            name = "".join(draw.choices("aceghklmouy چكتيا'-", k=draw.randrange(1, 12)))
        if name_key(name):
            break
    type_ = draw.choice(("PER", "PER", "ORG", "LOC"))
    acronyms = ["OGP"] if draw.random() < 0.2 else ["O.G.P."] if draw.random() < 0.1 else []
    return type_, name, draw.randrange(9), acronyms


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), n_files=st.integers(1, 5), n_names=st.integers(0, 14))
def test_comparing_near_names_gives_what_comparing_all_gives(
    tmp_path_factory: pytest.TempPathFactory, seed: int, n_files: int, n_names: int
) -> None:
    out, draw = tmp_path_factory.mktemp("forms"), random.Random(seed)
    files = [write_forms_file(out, number, [drawn_name(draw) for _ in range(n_names)]) for number in range(n_files)]
    compared(out, draw.sample(files, draw.randrange(1, n_files + 1)))
    shutil.rmtree(out)


@pytest.mark.parametrize(
    ("name", "acronym", "long_form", "n_clusters"),
    [
        ("O G P", "O.G.P.", "Office Gamma", 1),
        ("OGP", "OGP", "Office Gamma", 1),
        ("Port Gamma", "PORT GAMMA", "Quay", 2),
    ],
)
def test_what_defines_a_new_acronym_is_near_it(
    tmp_path: Path, name: str, acronym: str, long_form: str, n_clusters: int
) -> None:
    write_forms_file(tmp_path, 0, [("ORG", long_form, 1, [acronym])])
    due = write_forms_file(tmp_path, 1, [("ORG", name, 2, [])])
    assert len({cluster.entity_id for cluster in compared(tmp_path, [due]).values()}) == n_clusters


def compared(out: Path, due: list[Path]) -> Mapping[tuple[str, str], Cluster]:
    """Who is who among all forms; the forms of the files that are due have the same from those near them alone."""
    given_names = load_titles(GAZETTEERS)["ar"].given_names
    near = identities(cluster_names(read_forms(out, due, spill=out), given_names=given_names, lexicon=LEXICON))
    everything = identities(cluster_names(read_forms(out, spill=out), given_names=given_names, lexicon=LEXICON))
    for path in due:
        for form in pq.read_table(path).to_pylist():
            key = (form["type"], form["key"])
            assert near[key] == everything[key]
    return everything


def test_forms_made_by_another_rule_are_made_anew(copy: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    assert unsettled_files(copy[1]) == []
    monkeypatch.setattr("tasks.corpus.identities.FORMS_RULE", 0)
    assert len(unsettled_files(copy[1])) == len(STORIES)
