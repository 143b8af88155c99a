"""`marsad identify`, and `marsad query` over who and where: what they print, what they refuse, how they end."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.flows.test_cli import marsad

pytestmark = pytest.mark.pool


def identified(*lines: object) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, answers and what is said, for some lines; a line that is no text is written as JSON."""
    stdin = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    done = marsad("identify", stdin=stdin)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_people_in_two_scripts_have_one_id() -> None:
    code, answers, said = identified(
        {"id": 1, "name": "Karim Berrada", "type": "PER"},
        {"id": 2, "name": "كريم برادة", "type": "PER"},
        {"id": 3, "name": "Samir Berrada", "type": "PER"},
        {"id": 4, "name": "KARIM  BERRADA", "type": "PER"},
    )
    assert (code, said) == (0, "")
    assert [answer["id"] for answer in answers] == [1, 2, 3, 4]
    ids = [answer["entity_id"] for answer in answers]
    assert ids[0] == ids[1] == ids[3] != ids[2]
    assert answers[1]["name"] == "Karim Berrada"


def test_places_and_organisations_are_found_in_the_gazetteers() -> None:
    code, answers, _ = identified(
        {"id": "a", "name": "Maroc", "type": "LOC", "language": "fr"},
        {"id": "b", "name": "طنجة", "type": "LOC"},
        {"id": "c", "name": "Nations unies", "type": "ORG"},
        {"id": "d", "name": "الأمم المتحدة", "type": "ORG"},
    )
    assert code == 0
    assert [answer["entity_id"] for answer in answers[:2]] == ["iso:MA", "geo:2530335"]
    assert answers[2]["entity_id"] == answers[3]["entity_id"]
    assert answers[2]["name"] == answers[3]["name"]


def test_ids_do_not_depend_on_the_order_of_lines() -> None:
    asked = [
        {"id": n, "name": name, "type": "PER"} for n, name in enumerate(("Karim Tazi", "كريم التازي", "Nadia Tazi"))
    ]
    forward, backward = identified(*asked)[1], identified(*reversed(asked))[1]
    assert forward == backward[::-1]


def test_bad_lines_are_answered_each_and_end_with_exit_1() -> None:
    code, answers, said = identified(
        {"id": 1, "name": "Karim Tazi", "type": "PER"},
        "no json",
        {"id": 3, "name": "Karim Tazi"},
        {"id": 4, "name": "Karim Tazi", "type": "MISC"},
        {"id": 5, "type": "PER"},
        {"id": 6, "name": "  ", "type": "PER"},
        [1, 2],
    )
    assert code == 1
    assert said.startswith("marsad: 6 lines could not be read")
    assert said.count("\n") == 1
    assert [("error" in answer) for answer in answers] == [False] + [True] * 6


@pytest.mark.parametrize("stdin", ["", "\n\n"])
def test_nothing_asked_is_nothing_answered(stdin: str) -> None:
    done = marsad("identify", stdin=stdin)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "name", ["x" * 10_000, "🙂🙂", "e" + "\u0301" * 200, "Karim\nTazi", "Karim\0Tazi", "Karim كريم Тест"]
)
def test_a_hostile_name_is_answered_on_one_line(name: str) -> None:
    code, answers, said = identified(
        {"id": 1, "name": name, "type": "PER"}, {"id": 2, "name": "Ali Tazi", "type": "PER"}
    )
    assert (code, said) == (0, "")
    assert [answer["id"] for answer in answers] == [1, 2]


def asked(out: Path, sql: str) -> list[dict[str, Any]]:
    done = marsad("query", sql, "--out", out, "--format", "json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


ENTITIES = "SELECT entity_id, type, n_documents, aliases FROM entities ORDER BY ALL"
PLACES = "SELECT entity_id, country, latitude FROM places ORDER BY entity_id"


@pytest.mark.parametrize("name", ["out", "it's [an] odd *?name", "مرصد"])
def test_entities_and_places_are_asked_in_any_folder(samples_out: Path, tmp_path: Path, name: str) -> None:
    out = tmp_path / name
    shutil.copytree(samples_out, out)
    found = asked(out, ENTITIES)
    assert {row["type"] for row in found} <= {"PER", "ORG", "LOC"}
    assert found
    places = asked(out, PLACES)
    assert {row["entity_id"] for row in places} == {row["entity_id"] for row in found if row["type"] == "LOC"}
    assert all(row["latitude"] is not None for row in places if row["entity_id"].startswith("geo:"))


def test_entities_that_are_not_there_yet_are_no_rows(samples_out: Path, tmp_path: Path) -> None:
    shutil.copytree(samples_out, tmp_path / "out")
    shutil.rmtree(tmp_path / "out" / "entities")
    assert asked(tmp_path / "out", ENTITIES) == []
    assert asked(tmp_path / "out", PLACES) == []
