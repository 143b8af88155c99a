from importlib import import_module
from io import BytesIO
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from benchmarks import throughput
from benchmarks.bare import read_pages
from benchmarks.processes import family_usage
from benchmarks.shares import STAGES
from benchmarks.throughput import Side


def side(seconds: float, cpu_s: float) -> Side:
    return Side(n_pages=100, seconds=seconds, cpu_s=cpu_s, parent_peak_bytes=2**20, worker_peak_bytes=2**21)


def write_warc(path: Path, *, n_pages: int) -> None:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        writer.write_record(writer.create_warcinfo_record(path.name, {"software": "test"}))
        for number in range(n_pages):
            http = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
            url = f"https://example.org/{number}"
            writer.write_record(
                writer.create_warc_record(
                    url, "response", payload=BytesIO(f"<p>page {number}</p>".encode()), http_headers=http
                )
            )


@pytest.mark.parametrize("n_pages", [1, 3, 7])
def test_made_warc_holds_the_pages_asked_for_in_order(tmp_path: Path, n_pages: int) -> None:
    write_warc(tmp_path / "source.warc.gz", n_pages=3)
    throughput.make_warc(tmp_path / "source.warc.gz", tmp_path / "made.warc.gz", n_pages=n_pages)
    pages = list(read_pages(tmp_path / "made.warc.gz"))
    assert pages == [(f"https://example.org/{n % 3}", f"<p>page {n % 3}</p>".encode()) for n in range(n_pages)]


def test_absent_shared_is_one_sentence_and_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert throughput.main(["--shared", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(("marsad_s", "code"), [(9.0, 0), (9.5, 1)])
def test_exit_code_says_whether_the_ratio_holds(
    marsad_s: float, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_warc(tmp_path / "source.warc.gz", n_pages=1)
    monkeypatch.setattr(throughput, "run_pairs", lambda *_, **__: [(side(10.0, 20.0), side(marsad_s, 25.0))])
    assert throughput.main(["--raw", str(tmp_path / "source.warc.gz"), "--pages", "1"]) == code
    printed = capsys.readouterr().out
    assert f"{10 / marsad_s:.3f}" in printed
    assert "ratio by CPU time, median: 0.800" in printed


def test_usage_of_this_process_is_counted() -> None:
    usage = family_usage()
    assert usage.cpu_s > 0
    assert usage.parent_peak_bytes > 10 * 2**20


@pytest.mark.parametrize("name", [name for names in STAGES.values() for name in names])
def test_every_stage_is_a_function_that_exists(name: str) -> None:
    owner, parts = None, name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        try:
            owner = import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            owner = getattr(owner, part)
        break
    assert callable(owner) or isinstance(owner, property)
