"""Site boilerplate through the whole build: learnt from site_lines, taken out in settle, kept in `removed`."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from config.settings import load_settings
from tasks.corpus.boilerplate import line_key
from tasks.records.errors import RunFailed
from tasks.run import open_run
from tasks.site_rules import find_rules, learn_rules
from tests.driver import build, dataset_bytes

pytestmark = pytest.mark.pool

NOTICE = "Le Journal du Port paraît à Casablanca depuis 1911 et vit de ses lecteurs, sans aucune publicité de l'État."
TOPICS = ("le tramway", "la criée", "le phare", "la digue", "le marché", "la gare", "le musée", "la plage")


def lines_of(number: int) -> list[str]:
    """The paragraphs of one story, none of which another story has."""
    topic = TOPICS[number % len(TOPICS)]
    return [
        f"Le conseil a parlé {part} fois de {topic} à la séance numéro {number}, a dit le maire Karim Sayegh mardi."
        for part in range(2, 6)
    ]


def html(number: int, *, notice: bool = True) -> str:
    first, second, *rest = lines_of(number)
    paragraphs = [first, second, *([NOTICE] if notice else []), *rest]
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"<html><head><title>Séance {number}</title></head><body><article>{body}</article></body></html>"


def write(raw: Path, name: str, numbers: range, *, site: str = "journal.example", notice: bool = True) -> None:
    raw.mkdir(parents=True, exist_ok=True)
    rows = [{"url": f"https://{site}/seance/{n}", "html": html(n, notice=notice)} for n in numbers]
    (raw / name).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def documents(out: Path) -> list[dict[str, Any]]:
    return [row for path in sorted((out / "documents").rglob("*.parquet")) for row in pq.read_table(path).to_pylist()]


def test_a_paragraph_of_every_page_goes_and_all_that_follows_from_the_text_is_right(tmp_path: Path) -> None:
    write(tmp_path / "raw", "a.jsonl", range(12))
    build(tmp_path / "raw", tmp_path / "out")
    rows = documents(tmp_path / "out")
    assert len(rows) == 12
    for row in rows:
        assert NOTICE not in row["text"]
        assert row["removed"] == [{"position": 2, "text": NOTICE}]
        assert row["n_chars"] == len(row["text"])
        assert row["text"].count("\n") == 3
        mentions = [(e["surface"], row["text"][e["start_char"] : e["end_char"]]) for e in row["entities"]]
        assert mentions
        assert all(surface == stretch for surface, stretch in mentions)
        assert "Casablanca" not in {surface for surface, _ in mentions}
    (pages,) = (tmp_path / "out" / "pages").rglob("*.parquet")
    assert all(NOTICE in text for text in pq.read_table(pages).column("text").to_pylist())


def test_a_name_stays_joined_where_the_full_one_stood_in_boilerplate(tmp_path: Path) -> None:
    masthead = "Le Journal du Port est dirigé par Mounir Taskalti, qui en répond devant ses lecteurs depuis Casablanca."
    rows = []
    for number in range(12):
        stories = "".join(f"<p>{line} M. Taskalti a salué la séance {number}.</p>" for line in lines_of(number))
        page = f"<html><body><article><h1>Séance {number}</h1><p>{masthead}</p>{stories}</article></body></html>"
        rows.append({"url": f"https://port.example/seance/{number}", "html": page})
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    build(tmp_path / "raw", tmp_path / "out")
    found = documents(tmp_path / "out")
    assert len(found) == 12
    for row in found:
        assert [line["text"] for line in row["removed"]] == [masthead]
        people = [entity for entity in row["entities"] if entity["surface"] == "Taskalti"]
        assert {entity["name"] for entity in people} == {"Mounir Taskalti"}
        assert len(people) == 4
        stretches = [row["text"][entity["start_char"] : entity["end_char"]] for entity in row["entities"]]
        assert stretches == [entity["surface"] for entity in row["entities"]]


def test_a_small_site_and_one_paragraph_on_many_sites_are_left(tmp_path: Path) -> None:
    write(tmp_path / "raw", "small.jsonl", range(7))
    for n in range(12):
        write(tmp_path / "raw", f"{n}.jsonl", range(n, n + 1), site=f"paper-{n}.example")
    build(tmp_path / "raw", tmp_path / "out")
    assert all(NOTICE in row["text"] and not row["removed"] for row in documents(tmp_path / "out"))


def test_blogs_of_one_host_are_sites_of_their_own(tmp_path: Path) -> None:
    for n in range(12):
        write(tmp_path / "raw", f"{n}.jsonl", range(n, n + 1), site=f"blog-{n}.blogspot.com")
    build(tmp_path / "raw", tmp_path / "out")
    rows = documents(tmp_path / "out")
    assert {row["site"] for row in rows} == {f"blog-{n}.blogspot.com" for n in range(12)}
    assert not any(row["removed"] for row in rows)


def test_three_runs_and_a_settling_give_the_bytes_of_one_run_in_any_order(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    for name, numbers in (("b.jsonl", range(5)), ("c.jsonl", range(5, 9)), ("a.jsonl", range(9, 14))):
        write(raw, name, numbers)
        build(raw, out, batch_records=3, workers=1)
    build(raw, tmp_path / "whole", batch_records=3, workers=2)
    assert dataset_bytes(out) != dataset_bytes(tmp_path / "whole")  # the first runs knew too little of the site
    report = build(raw, out, batch_records=3, settle=True)
    assert report.n_settled > 0
    assert dataset_bytes(out) == dataset_bytes(tmp_path / "whole")


def test_a_settling_rewrites_the_files_alone_whose_sites_are_known_better(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write(raw, "a.jsonl", range(5))
    write(raw, "other.jsonl", range(20, 32), site="other.example")
    build(raw, out)
    before = {path: path.stat().st_ino for path in (out / "documents").rglob("*.parquet")}
    write(raw, "b.jsonl", range(5, 12))
    build(raw, out)
    assert {path: path.stat().st_ino for path in before} == before
    assert build(raw, out, settle=True).n_settled == 1
    assert sum(path.stat().st_ino != inode for path, inode in before.items()) == 1
    assert build(raw, out, settle=True).n_settled == 0
    assert not any(NOTICE in row["text"] for row in documents(out))


def test_a_pages_file_that_is_gone_teaches_nothing_any_more(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write(raw, "a.jsonl", range(5))
    write(raw, "b.jsonl", range(5, 12))
    build(raw, out)
    write(raw, "b.jsonl", range(5, 12), notice=False)
    build(raw, out, rebuild=True, settle=True)
    build(raw, tmp_path / "fresh")
    assert dataset_bytes(out) == dataset_bytes(tmp_path / "fresh")


def test_lost_site_lines_come_back(tmp_path: Path) -> None:
    raw, out = tmp_path / "raw", tmp_path / "out"
    write(raw, "a.jsonl", range(12))
    build(raw, out)
    whole = dataset_bytes(out)
    (lost,) = (out / "site_lines").rglob("*.parquet")
    lost.unlink()
    build(raw, out)
    assert dataset_bytes(out) == whole


def test_site_lines_hold_hashes_and_no_text(tmp_path: Path) -> None:
    write(tmp_path / "raw", "a.jsonl", range(12))
    build(tmp_path / "raw", tmp_path / "out")
    (path,) = (tmp_path / "out" / "site_lines").rglob("*.parquet")
    table = pq.read_table(path)
    assert table.column_names[:4] == ["site", "page_key", "document_key", "lines"]
    assert b"Casablanca" not in path.read_bytes()
    assert table.num_rows == 12


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    write(tmp_path / "raw", "a.jsonl", range(2))
    gone = tmp_path / "out" / "pages" / "crawl_date=2024-05-01" / "gone.parquet"
    with (
        open_run(load_settings(raw_dir=tmp_path / "raw", out_dir=tmp_path / "out", workers=1)) as run,
        pytest.raises(RunFailed, match="could not be learnt"),
    ):
        learn_rules([gone], [], out=run.out, pool=run.pool, timeout_s=60)


@pytest.mark.parametrize("sampled_pages", [1, 30, 1_000])
def test_the_rules_are_the_same_however_few_pages_are_in_memory_at_once(tmp_path: Path, sampled_pages: int) -> None:
    for site in ("a.example", "b.example", "c.example"):
        write(tmp_path / "raw", f"{site}.jsonl", range(12), site=site)
    write(tmp_path / "raw", "few.jsonl", range(5), site="few.example")
    build(tmp_path / "raw", tmp_path / "out")
    rules = find_rules(tmp_path / "out", None, sampled_pages=sampled_pages)
    assert sorted(rules) == ["a.example", "b.example", "c.example"]
    assert all(rule.lines == {line_key(NOTICE)} for rule in rules.values())
