"""Damage costs itself: one row a broken stretch, every other record as it is, wherever reading begins."""

import bz2
import gzip
import io
import random
import struct
import tarfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.raw.archives import gzipped, http, outcome, page, pages_warc, put, read, read_singly, scan, warc, zip_bytes

LINES = [b'{"text": "page %d"}\n' % n for n in range(6)]
WARCS = pages_warc(range(6))
ARCS = [
    b"http://a.example/%d?q=a b 10.0.0.1 20140216050221 text/html %d\n%b\n" % (n, len(http(page(n))), http(page(n)))
    for n in range(6)
]


def tar_bytes(members: list[tuple[str, bytes]], *, form: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), 1_672_628_646
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


MEMBERS = [("0.html", page(0)), ("a.jsonl", b"".join(LINES[:2])), ("b.warc", b"".join(WARCS[:2])), ("3.html", page(3))]
MIME = (
    b'Content-Type: multipart/related; boundary="b"\r\nDate: Mon, 6 May 2024 07:08:09 +0200\r\n\r\n--b\r\n'
    b"Content-Type: text/html; charset=windows-1252\r\nContent-Transfer-Encoding: quoted-printable\r\n"
    b"Content-Location: http://a.example/saved\r\n\r\n<p>caf=E9</p>\r\n--b\r\n"
    b"Content-Type: image/png\r\n\r\nx\r\n--b--\r\n"
)
VALID: dict[str, bytes] = {
    "a.warc": b"".join(WARCS),
    "a.warc.gz": b"".join(map(gzipped, WARCS)),
    "one.warc.gz": gzipped(b"".join(WARCS)),
    "a.warc.zst": zstandard.compress(b"".join(WARCS)),
    "a.arc": b"".join(ARCS),
    "a.arc.gz": b"".join(map(gzipped, ARCS)),
    "a.jsonl": b"".join(LINES),
    "a.jsonl.gz": b"".join(map(gzipped, LINES)),
    "a.jsonl.bz2": bz2.compress(b"".join(LINES)),
    "a.zip": zip_bytes(MEMBERS),
    "a.tar": tar_bytes(MEMBERS),
    "a.tar.gz": gzipped(tar_bytes(MEMBERS)),
    "a.mhtml": MIME,
}
N_RECORDS = {"a.mhtml": 1}


@pytest.mark.parametrize("name", VALID)
def test_every_container_gives_its_records(tmp_path: Path, name: str) -> None:
    put(tmp_path, name, VALID[name])
    records = read(tmp_path, scan(tmp_path, chunk_records=2))
    assert [outcome(r) for r in records] == ["page"] * N_RECORDS.get(name, 6)


@pytest.mark.parametrize(("name", "records"), [("a.warc", WARCS), ("a.warc.gz", [gzipped(r) for r in WARCS])])
def test_a_broken_stretch_is_one_row_and_the_others_are_right(tmp_path: Path, name: str, records: list[bytes]) -> None:
    put(tmp_path, name, b"".join([*records[:2], b"\x1f\x8b\x08\x00 garbage\n" * 50, *records[2:]]))
    batches = scan(tmp_path, chunk_records=2)
    found = read(tmp_path, batches)
    assert [r.payload if outcome(r) == "page" else outcome(r) for r in found] == [
        page(0), page(1), "unreadable", page(2), page(3), page(4), page(5),
    ]  # fmt: skip
    assert [r.raw_id for r in read_singly(tmp_path, batches)] == [r.raw_id for r in found]


@pytest.mark.parametrize("pack", [bytes, gzipped])
def test_a_length_that_reaches_over_the_next_record_costs_its_own_record(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    n_bytes = len(http(page(1)))
    broken = WARCS[1].replace(b"Content-Length: %d" % n_bytes, b"Content-Length: %d" % (n_bytes + 100))
    data = b"".join([WARCS[0], broken, *WARCS[2:]])
    put(tmp_path, "a.warc.gz" if pack is gzipped else "a.warc", pack(data))
    payloads = [r.payload if outcome(r) == "page" else outcome(r) for r in read(tmp_path, scan(tmp_path))]
    assert payloads == [page(0), "unreadable", page(2), page(3), page(4), page(5)]


def test_members_cut_short_one_after_another_cost_no_whole_one(tmp_path: Path) -> None:
    cut = gzipped(pages_warc([1], n_bytes=3_000)[0])[:-700]
    put(tmp_path, "a.warc.gz", cut * 1_000 + b"".join(map(gzipped, WARCS)))
    records = read(tmp_path, scan(tmp_path))
    assert [r.payload for r in records if outcome(r) == "page"][-6:] == [page(n) for n in range(6)]
    assert len(records) > 1_000


def test_a_jsonl_gz_that_breaks_goes_on_at_its_next_member(tmp_path: Path) -> None:
    members = [bytearray(gzipped(line)) for line in LINES]
    members[2][12] ^= 0xFF
    put(tmp_path, "a.jsonl.gz", b"".join(map(bytes, members)))
    outcomes = [outcome(r) for r in read(tmp_path, scan(tmp_path))]
    assert outcomes == ["page", "page", "unreadable", "page", "page", "page"]


def outcomes(root: Path) -> list[bytes | str]:
    """The payload of each page and the reason of each rejection; the same whether read in chunks or alone."""
    batches = scan(root, chunk_records=2)
    found = read(root, batches)
    assert [r.raw_id for r in read_singly(root, batches)] == [r.raw_id for r in found]
    return [r.payload if outcome(r) == "page" else outcome(r) for r in found]


PAGE_SIZES = [40, 3_000, 33_000, 70_000]


@pytest.mark.parametrize("n_cut", [1, 4, 9, 30, 200, 700])
@pytest.mark.parametrize("n_bytes", PAGE_SIZES)
@pytest.mark.parametrize("name", ["a.warc.gz", "a.jsonl.gz"])
def test_a_member_cut_short_before_others_is_one_rejection(tmp_path: Path, name: str, n_bytes: int, n_cut: int) -> None:
    pages = [page(n, n_bytes=n_bytes) for n in range(4)]
    lines = [b'{"html": "%s"}\n' % content for content in pages]
    members = [gzipped(m) for m in (lines if "jsonl" in name else pages_warc(range(4), n_bytes=n_bytes))]
    members[1] = members[1][: -min(n_cut, len(members[1]) // 2)]
    put(tmp_path, name, b"".join(members))
    found = outcomes(tmp_path)
    if "jsonl" in name and pages[1] in found:  # the cut left the line whole
        found.remove(pages[1])
    assert [pages[0], *pages[2:]] == [f for f in found if f in pages]
    assert found.count("unreadable") == 1
    assert set(found) - set(pages) <= {"unreadable", "bad_record"}


@pytest.mark.parametrize("n_bytes", PAGE_SIZES)
@pytest.mark.parametrize("name", ["a.warc.gz", "a.jsonl.gz", "a.warc.bz2", "a.jsonl.bz2", "a.warc.zst", "a.jsonl.zst"])
def test_a_unit_whose_checksum_is_wrong_is_one_rejection(tmp_path: Path, name: str, n_bytes: int) -> None:
    pages = [page(n, n_bytes=n_bytes) for n in range(4)]
    lines = [b'{"html": "%s"}\n' % content for content in pages]
    checked = zstandard.ZstdCompressor(write_checksum=True).compress
    pack, at = {".gz": (gzipped, -8), "bz2": (bz2.compress, 10), "zst": (checked, -1)}[name[-3:]]
    units = [bytearray(pack(u)) for u in (lines if "jsonl" in name else pages_warc(range(4), n_bytes=n_bytes))]
    units[1][at] ^= 0xFF
    put(tmp_path, name, b"".join(units))
    assert outcomes(tmp_path) == [pages[0], "unreadable", pages[2], pages[3]]


@pytest.mark.parametrize("is_last", [True, False])
def test_a_whole_body_in_a_member_that_ends_too_early_is_torn_at_the_end_of_a_file_alone(
    tmp_path: Path, is_last: bool
) -> None:
    members = [gzipped(record) for record in WARCS[:3]]
    members[1] = members[1][:-8]
    put(tmp_path, "a.warc.gz", b"".join(members[:2] if is_last else members))
    (batch,) = scan(tmp_path)
    assert batch.n_records == (1 if is_last else 3)
    assert outcomes(tmp_path) == ([page(0)] if is_last else [page(0), "unreadable", page(2)])


def test_a_cut_member_that_swallows_the_last_ones_is_no_torn_tail(tmp_path: Path) -> None:
    # gzip of level 0 stores its bytes behind their length: cut, it takes what follows for them.
    stored = gzip.compress(pages_warc([1], n_bytes=30_000)[0], compresslevel=0, mtime=0)[:9_000]
    put(tmp_path, "a.warc.gz", gzipped(WARCS[0]) + stored + gzipped(WARCS[2]) + gzipped(WARCS[3]))
    assert outcomes(tmp_path) == [page(0), "unreadable", page(2), page(3)]


def test_lines_that_a_broken_bzip2_block_makes_up_are_a_part_of_the_damage(tmp_path: Path) -> None:
    streams = [bytearray(bz2.compress(b'{"text": "%s"}\n' % page(n, n_bytes=70_000))) for n in range(3)]
    streams[1][582] ^= 9  # makes up some lines before its checksum fails
    put(tmp_path, "a.jsonl.bz2", b"".join(streams))
    assert outcomes(tmp_path) == [page(0, n_bytes=70_000), "unreadable", page(2, n_bytes=70_000)]


def test_broken_lines_of_a_packed_file_that_is_well_are_rows_each(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl.gz", gzipped(LINES[0] + b"no json\n" * 3 + LINES[1] + b"no json\n"))
    assert outcomes(tmp_path) == [b"page 0", *["bad_record"] * 3, b"page 1", "bad_record"]


def test_a_saved_page_is_its_root_part(tmp_path: Path) -> None:
    put(tmp_path, "a.mht", MIME)
    (record,) = read(tmp_path, scan(tmp_path))
    assert (record.payload, record.charset, record.url) == (b"<p>caf\xe9</p>", "windows-1252", "http://a.example/saved")


@pytest.mark.parametrize("content", [b"", b"no message", MIME[:60], MIME.replace(b"text/html", b"text/x")])
def test_a_broken_saved_page_is_a_rejection(tmp_path: Path, content: bytes) -> None:
    put(tmp_path, "a.mhtml", content)
    assert [outcome(r) for r in read(tmp_path, scan(tmp_path))] == ["bad_record"]


def test_tar_members_that_are_no_files_or_share_a_name_are_rows(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind in [("a.html", tarfile.SYMTYPE), ("b.html", tarfile.CHRTYPE), ("d", tarfile.DIRTYPE)]:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        for name in ("../x.html", "/y.html", "x" * 200 + ".html", "z.html", "z.html"):
            info = tarfile.TarInfo(name)
            info.size = 1
            archive.addfile(info, io.BytesIO(b"x"))
    put(tmp_path / "raw", "a.tar", buffer.getvalue())
    records = read(tmp_path / "raw", scan(tmp_path / "raw"))
    assert [outcome(r) for r in records] == ["unreadable"] * 2 + ["page"] * 5
    assert len({r.raw_id for r in records}) == 7
    assert [path.name for path in tmp_path.rglob("*")] == ["raw", "a.tar"]


@pytest.mark.parametrize("name", ["a.warc.bz2", "a.warc.zst", "a.jsonl.bz2"])
def test_a_stream_that_is_cut_goes_on_at_the_next(tmp_path: Path, name: str) -> None:
    pack = bz2.compress if name.endswith("bz2") else zstandard.compress
    lines = [b'{"html": "%s"}\n' % page(n) for n in range(4)]
    units = [pack(unit) for unit in (lines if "jsonl" in name else WARCS[:4])]
    put(tmp_path, name, units[0] + units[1][:-20] + units[2] + units[3])
    assert outcomes(tmp_path) == [page(0), "unreadable", page(2), page(3)]


@pytest.mark.parametrize("name", ["a.warc.zst", "a.jsonl.zst"])
def test_a_zstd_frame_without_checksum_that_takes_bytes_of_the_next_is_no_page(tmp_path: Path, name: str) -> None:
    # A frame of one raw block (RFC 8878, 3.1.1.2): cut, it takes the next frame's first bytes for its own last ones.
    noise = [random.Random(n).randbytes(600).hex().encode() for n in range(4)]
    blocks = [b'{"text": "%s"}\n' % t if "jsonl" in name else warc(http(t)) for t in noise]
    stored = [
        b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(b)) + struct.pack("<I", len(b) << 3 | 1)[:3] + b for b in blocks
    ]
    put(tmp_path, name, stored[0] + stored[1][:-20] + stored[2] + stored[3])
    found = outcomes(tmp_path)
    assert [found[0], found[-1]] == [noise[0], noise[3]]
    assert "unreadable" in found
    assert {f for f in found if isinstance(f, bytes)} <= set(noise)


@pytest.mark.parametrize("pack", [bytes, gzipped], ids=["tar", "tar.gz"])
def test_members_behind_a_broken_tar_header_are_found_by_the_next_whole_one(
    tmp_path: Path, pack: Callable[[bytes], bytes], request: pytest.FixtureRequest
) -> None:
    data = bytearray(tar_bytes([(f"{n}.html", page(n, n_bytes=2_000)) for n in range(4)]))
    data[data.index(b"1.html") + 124] = ord("x")  # in the size: its checksum is another
    put(tmp_path, f"a.{request.node.callspec.id}", pack(bytes(data)))
    pages = [page(n, n_bytes=2_000) for n in range(4)]
    assert outcomes(tmp_path) == [pages[0], "unreadable", *pages[2:]]


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstandard.compress], ids=["gz", "bz2", "zst"])
def test_a_bomb_is_too_large(tmp_path: Path, pack: Callable[[bytes], bytes], request: pytest.FixtureRequest) -> None:
    put(tmp_path, f"a.html.{request.node.callspec.id}", pack(b"\0" * 30_000_000))
    assert [outcome(r) for r in read(tmp_path, scan(tmp_path))] == ["too_large"]


def holds(name: str, content: bytes) -> None:
    """What must be true of any bytes: rows, each with an id of its own, the same in chunks and alone."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        put(root, name, content)
        batches = scan(root, chunk_records=2, batch_records=5)
        ids = [r.raw_id for r in read(root, batches)]
        assert len(set(ids)) == len(ids) == sum(batch.n_records for batch in batches)
        assert [r.raw_id for r in read_singly(root, batches)] == ids


@settings(deadline=None)
@given(st.sampled_from(sorted(VALID)), st.binary(max_size=400))
def test_any_bytes_are_rows(name: str, content: bytes) -> None:
    holds(name, content)


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(sorted(VALID)),
    st.lists(st.tuples(st.integers(0, 20_000), st.integers(1, 255)), max_size=4),
    st.integers(0, 20_000), st.integers(0, 20_000), st.binary(max_size=20),
)  # fmt: skip
def test_mutated_containers_are_rows(
    name: str, flips: list[tuple[int, int]], begin: int, n_cut: int, splice: bytes
) -> None:
    data = bytearray(VALID[name])
    for at, value in flips:
        data[at % len(data)] ^= value
    data[begin % len(data) : begin % len(data) + n_cut % 200] = splice
    holds(name, bytes(data))
