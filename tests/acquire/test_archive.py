"""What is fetched lies in WARC files that others read too, whatever was fetched and however the writer ended."""

import dataclasses
import fcntl
import gzip
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from tasks.acquire.archive import Earlier, payload_digest, set_aside_torn_tails
from tasks.acquire.replay import read_record, replay
from tasks.raw.containers import list_raw
from tasks.records.errors import ContractError
from tasks.records.fetches import Answer, ArchivePlace, Provenance
from tests.acquire.archived import AT, OUTLET, exchange, fetched, files, noise, opened, records
from tests.driver import build

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = (
    "<html><head><title>{title}</title></head><body><article><h1>{title}</h1>"
    + "<p>The council of the harbour town met on the quay to speak about the new ferry and its price.</p>" * 6
    + "</article></body></html>"
)


def only(raw: Path) -> Path:
    (path,) = files(raw)
    return path


def headers_of(raw: Path, place: ArchivePlace) -> dict[str, str]:
    record = read_record(raw, place)
    assert record is not None
    return dict(record.headers)


def test_an_answer_is_response_request_and_metadata(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        archive.write(fetched("http://a.example/1"), OUTLET, at=AT)
    url = "http://a.example/1"
    assert records(only(tmp_path)) == [("warcinfo", None), ("response", url), ("request", url), ("metadata", url)]


def test_every_hop_of_a_redirect_is_archived_and_the_place_is_the_last(tmp_path: Path) -> None:
    hops = (exchange("http://a.example/old", b"", "Location: /new", status=301), exchange("http://a.example/new"))
    with opened(tmp_path) as archive:
        place = archive.write(Answer(url=hops[0].url, outcome="fetched", exchanges=hops), OUTLET, at=AT)
    responses = [url for kind, url in records(only(tmp_path)) if kind == "response"]
    assert responses == ["http://a.example/old", "http://a.example/new"]
    assert headers_of(tmp_path, place)["WARC-Target-URI"] == "http://a.example/new"


def test_a_response_says_when_where_for_whom_and_what_the_feed_said(tmp_path: Path) -> None:
    told = dataclasses.replace(OUTLET, published="2024-05-05T10:00:00+01:00")
    with opened(tmp_path) as archive:
        headers = headers_of(tmp_path, archive.write(fetched("http://a.example/1"), told, at=AT))
    wanted = {
        "WARC-Date": "2024-05-06T07:08:09.123456Z",
        "WARC-IP-Address": "127.0.0.1",
        "WARC-Payload-Digest": payload_digest(b"<p>A page.</p>"),
        "Marsad-Source": "The Harbour Post",
        "Marsad-Zone": "Africa/Casablanca",
        "Marsad-Feed-Date": "2024-05-05T10:00:00+01:00",
    }
    assert {name: headers.get(name) for name in wanted} == wanted
    assert "Marsad-Kind" not in headers


def test_an_ending_without_an_answer_is_a_metadata_record(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        place = archive.write(Answer(url="http://no.example/", outcome="dns", detail="no address"), OUTLET, at=AT)
    record = read_record(tmp_path, place)
    assert record is not None
    assert (record.record_type, record.payload.splitlines()[:2]) == (
        "metadata",
        [b"outcome: dns", b"detail: no address"],
    )


@pytest.mark.parametrize("outcome", ["fetched", "unchanged"])
def test_the_same_payload_is_a_revisit_that_names_the_earlier_record(tmp_path: Path, outcome: str) -> None:
    answer = fetched("http://a.example/1")
    earlier = Earlier(digest=payload_digest(answer.exchanges[0].body), url="http://a.example/0", at=AT)
    with opened(tmp_path) as archive:
        again = dataclasses.replace(answer, outcome=outcome)
        headers = headers_of(tmp_path, archive.write(again, OUTLET, at=AT, previous=earlier))
    assert (headers["WARC-Type"], headers["WARC-Refers-To-Target-URI"], headers["WARC-Refers-To-Date"]) == (
        "revisit",
        "http://a.example/0",
        "2024-05-06T07:08:09.123456Z",
    )
    assert headers["WARC-Profile"].endswith("/warc/1.1/revisit/identical-payload-digest")
    assert [kind for kind, _ in records(only(tmp_path))] == ["warcinfo", "revisit", "request", "metadata"]


def test_another_payload_is_a_response_though_one_was_archived(tmp_path: Path) -> None:
    earlier = Earlier(digest=payload_digest(b"before"), url="http://a.example/1", at=AT)
    with opened(tmp_path) as archive:
        place = archive.write(fetched("http://a.example/1", b"after"), OUTLET, at=AT, previous=earlier)
    assert headers_of(tmp_path, place)["WARC-Type"] == "response"


def test_not_modified_archives_no_response(tmp_path: Path) -> None:
    answer = Answer(
        url="http://a.example/1", outcome="unchanged", exchanges=(exchange("http://a.example/1", b"", status=304),)
    )
    with opened(tmp_path) as archive:
        archive.write(answer, OUTLET, at=AT)
    assert [kind for kind, _ in records(only(tmp_path))] == ["warcinfo", "metadata"]


def test_the_body_keeps_its_coding_and_the_head_tells_its_length(tmp_path: Path) -> None:
    packed = brotli.compress(b"<p>packed</p>" * 50)
    headers = ("Content-Encoding: br", "Transfer-Encoding: chunked", "Content-Length: 7", "X-Name: caf\xe9")
    with opened(tmp_path) as archive:
        place = archive.write(fetched("http://a.example/1", packed, *headers), OUTLET, at=AT)
    record = read_record(tmp_path, place)
    assert record is not None
    assert record.payload == packed
    assert dict(record.http_headers) == {
        "Content-Encoding": "br",
        "X-Crawler-Transfer-Encoding": "chunked",
        "X-Crawler-Content-Length": "7",
        "X-Name": "caf\xe9",
        "Content-Length": str(len(packed)),
    }
    assert len(records(only(tmp_path))) == 4


def test_the_rows_of_an_archive_are_its_pages(tmp_path: Path) -> None:
    with opened(tmp_path / "raw") as archive:
        for n in range(3):
            page = ARTICLE.format(title=f"Ferry number {n} arrives").encode()
            told = dataclasses.replace(OUTLET, published="2024-05-05")
            archive.write(fetched(f"http://a.example/{n}", page), told, at=AT)
        for kind in ("feed", "sitemap", "section", "list", "robots"):
            answer = fetched(f"http://a.example/{kind}", ARTICLE.format(title="No page").encode())
            archive.write(answer, dataclasses.replace(OUTLET, kind=kind), at=AT)
        archive.write(Answer(url="http://a.example/gone", outcome="timeout"), OUTLET, at=AT)
    build(tmp_path / "raw", tmp_path / "out", workers=1)
    columns = ["url", "source", "published_at", "published_precision", "published_from", "status"]
    rows = pq.read_table(tmp_path / "out" / "pages", columns=columns).to_pylist()
    day = datetime(2024, 5, 5, tzinfo=UTC)
    assert sorted(tuple(row[name] for name in columns) for row in rows) == [
        (f"http://a.example/{n}", "The Harbour Post", day, "day", "feed", "accepted") for n in range(3)
    ]


# --- when a file ends -----------------------------------------------------------------------------------------------


def test_a_file_ends_at_midnight_utc(tmp_path: Path) -> None:
    eve = datetime(2024, 5, 6, 23, 59, 59, 999999, tzinfo=UTC)
    with opened(tmp_path) as archive:
        for at in (eve, eve + timedelta(microseconds=1), eve):
            archive.write(fetched("http://a.example/1", at=at), OUTLET, at=at)
    written = {path.parent.name: [kind for kind, _ in records(path)].count("response") for path in files(tmp_path)}
    assert written == {"2024-05-06": 1, "2024-05-07": 2}


def test_a_file_ends_at_its_number_of_pages(tmp_path: Path) -> None:
    with opened(tmp_path, max_pages=3) as archive:
        for n in range(7):
            archive.write(fetched(f"http://a.example/{n}"), OUTLET, at=AT)
            archive.write(fetched(f"http://a.example/f{n}"), dataclasses.replace(OUTLET, kind="feed"), at=AT)
    pages = [
        [url for kind, url in records(path) if kind == "response" and "/f" not in str(url)] for path in files(tmp_path)
    ]
    assert [len(urls) for urls in pages] == [3, 3, 1]


def test_a_file_ends_before_it_is_too_large(tmp_path: Path) -> None:
    with opened(tmp_path, max_bytes=20_000) as archive:
        for n in range(12):
            archive.write(fetched(f"http://a.example/{n}", b"".join(noise(n))), OUTLET, at=AT)
    sizes = [path.stat().st_size for path in files(tmp_path)]
    assert len(sizes) > 2
    assert max(sizes) <= 20_000
    assert (
        sum(records(path).count(("response", f"http://a.example/{n}")) for path in files(tmp_path) for n in range(12))
        == 12
    )


def test_an_archive_that_nothing_is_written_to_leaves_no_file(tmp_path: Path) -> None:
    with opened(tmp_path):
        pass
    assert files(tmp_path) == []


def test_a_closed_file_is_read_only(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        archive.write(fetched("http://a.example/1"), OUTLET, at=AT)
        assert only(tmp_path).stat().st_mode & 0o200
    assert not only(tmp_path).stat().st_mode & 0o222


def test_an_answer_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        archive.write(fetched("http://a.example/1"), OUTLET, at=AT)
        assert len(records(only(tmp_path))) == 4


def test_a_run_id_that_is_no_file_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no name for files"):
        opened(tmp_path, "../../x")


def test_two_writers_at_once_do_not_meet(tmp_path: Path) -> None:
    with opened(tmp_path, "same") as one, opened(tmp_path, "same") as other:
        for n in range(20):
            (one, other)[n % 2].write(fetched(f"http://a.example/{n}"), OUTLET, at=AT)
    assert [[kind for kind, _ in records(path)].count("response") for path in files(tmp_path)] == [10, 10]


# --- hostile values -------------------------------------------------------------------------------------------------

TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=60),
    st.sampled_from(
        ["a\r\nWARC-Type: response", "\r\n\r\nWARC/1.1\r\n", "\ud800", "x" * 10_000, "عنوان\x85b\u2028c", ""]
    ),
)


@settings(max_examples=60, deadline=None)
@given(title=TEXTS, source=TEXTS, published=TEXTS, url=TEXTS, author=TEXTS)
def test_no_value_forges_a_header_or_a_record(
    tmp_path_factory: pytest.TempPathFactory, title: str, source: str, published: str, url: str, author: str
) -> None:
    raw = tmp_path_factory.mktemp("raw")
    told = Provenance(source=source, title=title, published=published, found_in=url, zone=title, authors=(author,))
    address = f"http://a.example/{url}"
    with opened(raw) as archive:
        archive.write(Answer(url=address, outcome="fetched", exchanges=(exchange(address),)), told, at=AT)
    assert [kind for kind, _ in records(only(raw))] == ["warcinfo", "response", "request", "metadata"]
    with only(raw).open("rb") as file:
        names = [[name for name, _ in record.rec_headers.headers] for record in ArchiveIterator(file)]
    assert all(len(set(found)) == len(found) for found in names)
    (replayed,) = replay(raw, since={})
    plain = "".join(" " if ch.isspace() or ord(ch) < 32 or 127 <= ord(ch) < 160 else ch for ch in title)
    wanted = " ".join(plain.split()).encode("utf-8", "replace").decode() or None
    assert replayed.provenance.title == wanted


def test_a_head_with_an_empty_line_or_bare_line_ends_stays_one_head(tmp_path: Path) -> None:
    answer = fetched("http://a.example/1", b"body")
    head = b"HTTP/1.1 200 OK\r\nX-A: 1\n\nX-B: 2\r\r\n\r\nX-C: 3\r\n\r\n"
    broken = dataclasses.replace(answer.exchanges[0], response_head=head)
    with opened(tmp_path) as archive:
        place = archive.write(dataclasses.replace(answer, exchanges=(broken,)), OUTLET, at=AT)
    record = read_record(tmp_path, place)
    assert record is not None
    assert (record.payload, dict(record.http_headers)["X-C"]) == (b"body", "3")


def test_a_response_with_too_long_a_head_can_be_read_without_its_longest_line(tmp_path: Path) -> None:
    headers = ("X-Long: " + "a" * 40_000, "Content-Type: text/html", *(f"X-{n}: b" for n in range(100)))
    with opened(tmp_path) as archive:
        place = archive.write(fetched("http://a.example/1", b"body", *headers), OUTLET, at=AT)
    record = read_record(tmp_path, place)
    assert record is not None
    assert (record.payload, dict(record.http_headers)["Content-Type"], "X-Long" in dict(record.http_headers)) == (
        b"body",
        "text/html",
        False,
    )


@pytest.mark.parametrize("letter", ["a", " ", "ع"])
def test_a_url_that_no_head_can_hold_comes_back_whole(tmp_path: Path, letter: str) -> None:
    url = f"http://a.example/{letter * 10_000}/end"
    answer = fetched(url)
    earlier = Earlier(digest=payload_digest(answer.exchanges[0].body), url=url, at=AT)
    with opened(tmp_path) as archive:
        archive.write(answer, OUTLET, at=AT)
        archive.write(answer, OUTLET, at=AT, previous=earlier)
    assert len(records(only(tmp_path))) == 7
    assert [found.url for found in replay(tmp_path, since={})] == [url.replace(" ", "%20")] * 2


# --- kills and full disks -------------------------------------------------------------------------------------------


def killed_after(raw: Path, run_id: str, seconds: float) -> int:
    """The number of answers that a writer had confirmed when it was killed."""
    command = [sys.executable, "-m", "tests.acquire.archived", str(raw), run_id]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "0\n"
        time.sleep(seconds)
        writer.send_signal(signal.SIGKILL)
        return 1 + len([line for line in writer.stdout.read().splitlines(keepends=True) if line.endswith("\n")])


def test_a_killed_writer_loses_no_whole_answer(tmp_path: Path) -> None:
    chance = random.Random(5)
    for kill in range(5):
        n_confirmed = killed_after(tmp_path, f"kill{kill}", chance.uniform(0, 0.3))
        set_aside_torn_tails(tmp_path)
        (path,) = [path for path in files(tmp_path) if f"kill{kill}" in path.name]
        responses = [url for kind, url in records(path) if kind == "response"]
        assert responses[:n_confirmed] == [f"http://a.example/{n}" for n in range(n_confirmed)]
        assert not path.stat().st_mode & 0o222


def torn(raw: Path, *, cut: int) -> tuple[Path, bytes]:
    """A file of three answers as a killed writer leaves it, `cut` bytes before its end, and its bytes."""
    with opened(raw) as archive:
        for n in range(3):
            archive.write(fetched(f"http://a.example/{n}"), OUTLET, at=AT)
    path = only(raw)
    path.chmod(0o644)
    content = path.read_bytes()[:-cut] if cut else path.read_bytes()
    path.write_bytes(content)
    return path, content


@pytest.mark.parametrize("cut", [1, 8, 30, 300, 900])
def test_a_torn_tail_is_set_aside_whole_and_is_no_container(tmp_path: Path, cut: int) -> None:
    path, content = torn(tmp_path, cut=cut)
    (found,) = set_aside_torn_tails(tmp_path)
    aside = path.with_name(f"{path.name}.torn")
    assert path.read_bytes() + aside.read_bytes() == content
    assert found.n_bytes == aside.stat().st_size > 0
    assert [kind for kind, _ in records(path)][:4] == ["warcinfo", "response", "request", "metadata"]
    assert [container.path for container in list_raw(tmp_path).containers] == [found.path]


def test_a_whole_tail_is_left_and_looked_at_once(tmp_path: Path) -> None:
    path, content = torn(tmp_path, cut=0)
    assert set_aside_torn_tails(tmp_path) == []
    assert (path.read_bytes(), path.stat().st_mode & 0o222) == (content, 0)


def test_records_behind_damage_in_the_middle_are_kept(tmp_path: Path) -> None:
    path, content = torn(tmp_path, cut=5)
    damaged = bytearray(content)
    damaged[len(content) // 2] ^= 0xFF
    path.write_bytes(damaged)
    (found,) = set_aside_torn_tails(tmp_path)
    assert found.n_bytes < 500


def test_a_file_without_a_whole_record_is_moved_as_a_whole(tmp_path: Path) -> None:
    path, content = torn(tmp_path, cut=0)
    path.write_bytes(content[:50])
    assert [tail.n_bytes for tail in set_aside_torn_tails(tmp_path)] == [50]
    assert (files(tmp_path), path.with_name(f"{path.name}.torn").read_bytes()) == ([], content[:50])


def test_the_file_of_a_live_writer_is_left_alone(tmp_path: Path) -> None:
    path, content = torn(tmp_path, cut=5)
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert set_aside_torn_tails(tmp_path) == []
    assert path.read_bytes() == content


def test_a_gzipped_record_inside_a_torn_page_does_not_pass_for_one(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        archive.write(fetched("http://a.example/1"), OUTLET, at=AT)
        n_whole = only(tmp_path).stat().st_size
        inner = gzip.compress(b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 0\r\n\r\n\r\n\r\n", mtime=0)
        place = archive.write(fetched("http://a.example/2", random.Random(1).randbytes(60_000) + inner), OUTLET, at=AT)
    assert place.offset == n_whole
    path = only(tmp_path)
    content = path.read_bytes()
    assert inner[:30] in content
    path.chmod(0o644)
    path.write_bytes(content[: content.index(inner[:30]) + len(inner)])
    set_aside_torn_tails(tmp_path)
    assert path.stat().st_size == n_whole


def test_a_full_disk_leaves_no_half_record_and_writing_goes_on_when_there_is_room(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from pathlib import Path; from tests.acquire.archived import *\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))\n"
        "n = 0\n"
        "with opened(Path(sys.argv[1])) as archive:\n"
        "    try:\n"
        "        while True:\n"
        "            archive.write(fetched(f'http://a.example/{n}', b''.join(noise(n))), OUTLET, at=AT); n += 1\n"
        "    except OSError as error: print(n, error.errno)\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    archive.write(fetched('http://a.example/last'), OUTLET, at=AT)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    n_written, errno = map(int, done.stdout.split())
    responses = [url for kind, url in records(only(tmp_path)) if kind == "response"]
    assert n_written > 2
    assert errno != 0
    assert responses == [*(f"http://a.example/{n}" for n in range(n_written)), "http://a.example/last"]


def test_memory_stays_flat_over_what_a_torn_file_inflates_to(tmp_path: Path) -> None:
    path = tmp_path / "warc" / "2024-05-06" / "marsad-20240506070809-bomb-00001.warc.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(b"WARC/1.1\r\n" + bytes(100_000_000), 1) + b"\x1f\x8b")
    code = (
        "import sys; from pathlib import Path; from tasks.acquire.archive import set_aside_torn_tails\n"
        "from tests.memory import peak_kib, peak_kib_from_here\n"
        "before = peak_kib_from_here()\n"
        "print(set_aside_torn_tails(Path(sys.argv[1]))[0].n_bytes)\n"
        "print(peak_kib() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    n_bytes, grown_kb = map(int, done.stdout.split())
    assert n_bytes == 2
    assert grown_kb < 20_000
