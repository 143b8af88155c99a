import re
import sys
from pathlib import Path

import pytest

from benchmarks.peers import __main__ as peers
from benchmarks.peers.extractors import LIBRARIES, extract_chunk
from benchmarks.peers.table import DATATROVE, MARSAD, OUTPUTS, Run, Standing, losses, ratios, to_markdown
from benchmarks.peers.watch import CommandFailed, run_watched

N_SCORED = {"sh": 2, "europa": 3, "traf": 4}


def run(seconds: float, cpu_s: float, *, n_empty: int = 0, failed: dict[str, int] | None = None) -> Run:
    return Run(
        n_pages=100,
        seconds=seconds,
        cpu_s=cpu_s,
        largest_bytes=2**20,
        family_bytes=2**21,
        n_empty=n_empty,
        failed=failed or {},
    )


def test_ratio_is_the_median_of_rounds_by_wall_and_by_cpu_time() -> None:
    marsad = Standing(name=MARSAD, runs=[run(10, 20), run(10, 20), run(10, 20)])
    peer = Standing(name=DATATROVE, runs=[run(5, 30), run(12, 10), run(40, 40)])
    assert ratios(marsad, peer) == (1.2, 1.5)


def test_round_that_one_side_did_not_end_is_left_out_of_the_ratio() -> None:
    marsad = Standing(name=MARSAD, runs=[None, run(10, 20)])
    assert ratios(marsad, Standing(name=DATATROVE, runs=[run(99, 99), run(20, 40)])) == (2.0, 2.0)
    assert ratios(marsad, Standing(name=DATATROVE, runs=[run(99, 99), None])) is None


@pytest.mark.parametrize(("datatrove_s", "code"), [(10.0, 0), (9.9, 1)])
def test_exit_code_says_whether_the_floor_against_datatrove_holds(datatrove_s: float, code: int) -> None:
    standings = [Standing(name=MARSAD, runs=[run(10, 20)]), Standing(name=DATATROVE, runs=[run(datatrove_s, 20)])]
    assert peers.verdict(standings)[0] == code


def test_datatrove_that_does_not_end_misses_the_floor() -> None:
    standings = [Standing(name=MARSAD, runs=[run(10, 20)]), Standing(name=DATATROVE, runs=[None])]
    assert peers.verdict(standings) == (1, "Marsad against datatrove: not measured (floor 1.00: BELOW)")


def test_table_has_speed_ratio_memory_and_text_of_each_peer() -> None:
    marsad = Standing(name=MARSAD, runs=[run(10, 20)], scores={"sh": 0.96, "europa": 0.98, "traf": 0.923})
    peer = Standing(name="resiliparse", runs=[run(5, 10)], scores={"sh": 0.939})
    rows = [line.split(" | ") for line in to_markdown([marsad, peer], N_SCORED).splitlines() if line.startswith("|")]
    cells = [[cell.strip("| ") for cell in row] for row in rows]
    assert cells[0][-3:] == ["sh (2): text F1", "europa (3): text F1", "traf (4): snippets F"]
    assert cells[2] == [MARSAD, OUTPUTS[MARSAD], "10.0", "–", "–", "1", "2", "0.960", "0.980", "0.923"]
    assert cells[3] == ["resiliparse", "text", "20.0", "0.50", "0.50", "1", "2", "0.939", "–", "–"]


def test_peer_that_fails_is_said_with_the_pages_and_errors() -> None:
    peer = Standing(
        name="newspaper4k",
        runs=[run(5, 10, failed={"ValueError": 2, "LookupError": 1}), None],
        scored=run(5, 10, n_empty=7),
        problem="exit code 1, saying: no module",
    )
    assert losses([peer]) == [
        "newspaper4k did not come to its end: exit code 1, saying: no module",
        "newspaper4k, round 1: failed on 3 (LookupError 1, ValueError 2) of 100",
        "newspaper4k, scored pages: no text in 7 of 100",
    ]


def test_page_that_raises_is_an_outcome_and_the_next_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LIBRARIES, "resiliparse", lambda page: page[1].decode("ascii"))
    outcomes = extract_chunk("resiliparse", [("a", b"\xff"), ("b", b""), ("c", b"text")])
    assert [(found.url, found.text, found.error) for found in outcomes] == [
        ("a", None, "UnicodeDecodeError"),
        ("b", None, None),
        ("c", "text", None),
    ]


@pytest.mark.pool
def test_memory_of_a_command_counts_its_children(tmp_path: Path) -> None:
    child = "import time; held = bytes(range(256)) * 400_000; time.sleep(1.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); print('done')"
    watched = run_watched([sys.executable, "-c", parent], cwd=tmp_path)
    assert watched.printed == "done\n"
    assert watched.family_bytes > watched.largest_bytes > 100_000_000


@pytest.mark.pool
def test_command_that_fails_is_named_with_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="exit code 3, saying: no such peer"):
        run_watched(
            [sys.executable, "-c", "import sys; sys.stderr.write('well\\nno such peer\\n'); sys.exit(3)"], cwd=tmp_path
        )


def test_absent_shared_is_one_sentence_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert peers.main(["--shared", str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_lock_names_exact_versions_and_nothing_else() -> None:
    lines = peers.LOCK.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    assert lines == sorted(set(lines))


def test_peers_are_measured_with_the_versions_that_marsad_has() -> None:
    ours, theirs = peers.pinned(Path("requirements.lock")), peers.pinned()
    assert {
        name: (ours[name], theirs[name]) for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]
    } == {}
