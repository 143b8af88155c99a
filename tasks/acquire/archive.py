"""What the network gave -> WARC 1.1 under data/raw/warc: the truth that state and build are made from.

warcio writes the records. Marsad's own: files that are closed by day, pages and bytes, one write to the system an
answer, a tail that is whole again after a failed write or a kill, values that cannot forge headers.
"""

import fcntl
import gzip
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from warcio.recordloader import ArcWarcRecord
from warcio.timeutils import datetime_to_iso_date
from warcio.utils import Digester
from warcio.warcwriter import WARCWriter

from tasks.acquire.members import iter_members
from tasks.records.errors import ContractError
from tasks.records.fetches import Answer, ArchivePlace, Exchange, Provenance

FOLDER = "warc"
FORMAT = "WARC File Format 1.1"
# zlib's middle: at it, writing is far faster than what a fetch brings (`python -m benchmarks.archiving`).
GZIP_LEVEL = 6
MAX_PAGES = 5_000
MAX_BYTES = 1024**3
RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# Values of header and metadata lines: all white space and controls become one space, so that no value begins a line.
NOT_PLAIN = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
NOT_IN_URI = re.compile("[\\s\x00-\x20\x7f-\x9f<>\ud800-\udfff]")
MAX_VALUE_CHARS = 10_000
# fastwarc reads heads of 32 KiB, of WARC and of HTTP. A revisit record's holds two URLs and three values of ours.
MAX_URI_BYTES = 12_000
MAX_HEADER_CHARS = 500
MAX_HTTP_HEAD_BYTES = 30_000
MAX_AUTHORS = 50
LINE_END = re.compile(rb"[\r\n]+")
# What a header of the transfer is called once the body no longer follows it; Common Crawl's names.
ORIGINAL = {b"transfer-encoding": b"X-Crawler-Transfer-Encoding", b"content-length": b"X-Crawler-Content-Length"}
COPY_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A payload that is archived already: its digest, and the URL and WARC-Date of the record that holds it."""

    digest: str
    url: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TornTail:
    """What was set aside: the WARC file's path under data/raw, and the bytes that are in PATH.torn now."""

    path: str
    n_bytes: int


def payload_digest(body: bytes) -> str:
    """The digest of a body as it was transferred, as WARC-Payload-Digest states it: `sha1:` and base 32."""
    digester = Digester("sha1")
    digester.update(body)
    return str(digester)


def one_line(text: str) -> str:
    """A text as the archive states it: one line without controls, at most MAX_VALUE_CHARS, lone surrogates as `?`."""
    return NOT_PLAIN.sub(" ", text)[:MAX_VALUE_CHARS].strip().encode("utf-8", "replace").decode()


def uri_of(url: str) -> str:
    """A URL as the archive states it: what no URL holds (spaces, controls, angle brackets) is percent-encoded."""
    return NOT_IN_URI.sub(lambda found: quote(found[0], errors="replace"), url)


def _header_uri(url: str) -> str:
    """The URL as a header states it: no longer than a head can be. The metadata record states the whole one."""
    return uri_of(url).encode()[:MAX_URI_BYTES].decode("utf-8", "ignore")


class _VerbatimHead:
    """An HTTP header block that warcio writes as it came; its own kind writes other letters than ASCII anew."""

    def __init__(self, block: bytes) -> None:
        self.headers_buff = block

    def compute_headers_buffer(self, header_filter: object) -> None:
        """Nothing: the block stands."""


class _Members:
    """Gzip members of records, one after another, to be written at once."""

    def __init__(self) -> None:
        self._plain = io.BytesIO()
        self.writer = WARCWriter(self._plain, gzip=False, warc_version="1.1")
        self.content = bytearray()

    def add(self, record: ArcWarcRecord) -> tuple[int, str]:
        """Where the record begins in `content`, and its id."""
        offset = len(self.content)
        self.writer.write_record(record)
        self.content += gzip.compress(self._plain.getvalue(), GZIP_LEVEL, mtime=0)
        self._plain.seek(0)
        self._plain.truncate()
        return offset, record.rec_headers.get_header("WARC-Record-ID")


class Archive:
    """The WARC files that one run writes. Not to be shared among threads.

    A file is locked while it is open, and made read-only once it is closed: what may be written and is not locked is
    what a killed writer left.
    """

    def __init__(
        self,
        raw: Path,
        *,
        run_id: str,
        software: str,
        user_agent: str | None = None,
        max_pages: int = MAX_PAGES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        if not RUN_ID.fullmatch(run_id):
            raise ContractError(f"run id {run_id!r} is no name for files; 1 to 64 letters, digits, - and _ were due")
        self._raw, self._run_id = raw, run_id
        self._about = {"software": software, "format": FORMAT, "http-header-user-agent": user_agent}
        self._max_pages, self._max_bytes = max_pages, max_bytes
        self._serial = 0
        self._open: _OpenWarc | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def write(
        self, answer: Answer, provenance: Provenance, *, at: datetime, previous: Earlier | None = None
    ) -> ArchivePlace:
        """Where the answer lies: its final response or revisit record, else the metadata record that tells of its end.

        `at` is the day's and the ledger's instant. A payload that is the one of `previous` becomes a revisit record. A
        file that another day, too many pages or too many bytes close is closed first. Raises OSError where the disk is
        full; the file then ends as it did before.
        """
        members = _Members()
        exchanges = _archived(answer, previous)
        offset = _add_answer(members, answer, exchanges, provenance, at=at, previous=previous)
        n_pages = len(exchanges) if provenance.kind == "page" else 0
        warc = self._file_for(at, n_pages=n_pages, n_bytes=len(members.content))
        begins = warc.append(members.content, n_pages=n_pages)
        return ArchivePlace(path=warc.path.relative_to(self._raw).as_posix(), offset=begins + offset)

    @property
    def end(self) -> ArchivePlace | None:
        """Where the next record will lie; None while no file is open."""
        warc = self._open
        if warc is None:
            return None
        return ArchivePlace(path=warc.path.relative_to(self._raw).as_posix(), offset=warc.n_bytes)

    def sync(self) -> None:
        """Nothing; afterwards all that was written is on the disk."""
        if self._open is not None:
            self._open.sync()

    def close(self) -> None:
        """Close the open file, on the disk and read-only; the next answer begins another."""
        if self._open is not None:
            warc, self._open = self._open, None
            warc.close()

    def _file_for(self, at: datetime, *, n_pages: int, n_bytes: int) -> "_OpenWarc":
        day = at.astimezone(UTC).date()
        warc = self._open
        # An answer that was asked for before midnight and came behind a later one goes into the later one's file.
        if warc is not None and (
            day > warc.day
            or (warc.n_pages and warc.n_pages + n_pages > self._max_pages)
            or (warc.n_answers and warc.n_bytes + n_bytes > self._max_bytes)
        ):
            self.close()
        if self._open is None:
            self._open = self._begin(at.astimezone(UTC))
        return self._open

    def _begin(self, at: datetime) -> "_OpenWarc":
        folder = self._raw / FOLDER / f"{at:%Y-%m-%d}"
        folder.mkdir(parents=True, exist_ok=True)
        while True:
            self._serial += 1
            path = folder / f"marsad-{at:%Y%m%d%H%M%S}-{self._run_id}-{self._serial:05d}.warc.gz"
            with suppress(FileExistsError):
                warc = _OpenWarc(path, day=at.date(), opening=_warcinfo(path.name, self._about, at))
                if warc.is_there():
                    return warc
                warc.close()


class _OpenWarc:
    """A new, locked WARC file, and how far it is written."""

    def __init__(self, path: Path, *, day: date, opening: bytes) -> None:
        self.path, self.day = path, day
        self.n_pages = self.n_answers = self.n_bytes = 0
        self._opening = opening
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        except BaseException:
            os.close(self._fd)
            raise

    def is_there(self) -> bool:
        """False where another's start took the new, empty file for one left behind, before it was locked."""
        return os.fstat(self._fd).st_nlink > 0

    def append(self, content: bytes | bytearray, *, n_pages: int) -> int:
        """Where the content lies, which is written as a whole or, with an OSError, not at all."""
        opening = self._opening if self.n_bytes == 0 else b""
        data, n_done = memoryview(opening + content), 0
        try:
            while n_done < len(data):
                n_done += os.pwrite(self._fd, data[n_done:], self.n_bytes + n_done)
        except BaseException:  # also when the run is stopped between two parts
            os.ftruncate(self._fd, self.n_bytes)
            raise
        begins = self.n_bytes + len(opening)
        self.n_bytes += len(data)
        self.n_pages += n_pages
        self.n_answers += 1
        return begins

    def sync(self) -> None:
        """Nothing; afterwards file and name are on the disk."""
        os.fsync(self._fd)
        _sync_folder(self.path.parent)

    def close(self) -> None:
        """Put the file on the disk, read-only; one that nothing was written into is removed."""
        try:
            if self.n_bytes == 0:
                self.path.unlink(missing_ok=True)
            else:
                self.sync()
                _seal(self._fd)
        finally:
            os.close(self._fd)


def _seal(fd: int) -> None:
    """Make a file read-only: its tail is whole for ever. Where that is not allowed, its tail is looked at each time."""
    with suppress(PermissionError):
        os.fchmod(fd, stat.S_IMODE(os.fstat(fd).st_mode) & ~0o222)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# --- the records of an answer ---------------------------------------------------------------------------------------


def _warc_date(at: datetime) -> str:
    return str(datetime_to_iso_date(at.astimezone(UTC).replace(tzinfo=None), use_micros=True))


def _warcinfo(name: str, about: dict[str, str | None], at: datetime) -> bytes:
    members = _Members()
    record = members.writer.create_warcinfo_record(name, {key: one_line(value or "") for key, value in about.items()})
    record.rec_headers.replace_header("WARC-Date", _warc_date(at))
    members.add(record)
    return bytes(members.content)


def _archived(answer: Answer, previous: Earlier | None) -> tuple[Exchange, ...]:
    """The exchanges of an answer that become records: all where it is a page, or shows that the page is the same."""
    is_whole = bool(answer.exchanges) and answer.exchanges[-1].status == 200
    is_page = answer.outcome == "fetched" or (
        answer.outcome == "unchanged" and previous is not None and is_whole and _is_same(answer.exchanges[-1], previous)
    )
    return answer.exchanges if is_page else ()


def _is_same(exchange: Exchange, previous: Earlier) -> bool:
    return payload_digest(exchange.body) == previous.digest


def _add_answer(
    members: _Members,
    answer: Answer,
    exchanges: tuple[Exchange, ...],
    provenance: Provenance,
    *,
    at: datetime,
    previous: Earlier | None,
) -> int:
    """Where the record that stands for the answer begins. Its metadata record is the last: with it, it is whole."""
    place, record_id = None, None
    for exchange in exchanges:
        is_last = exchange is exchanges[-1]
        is_revisit = is_last and previous is not None and _is_same(exchange, previous)
        record = _response(members.writer, exchange, provenance, previous=previous if is_revisit else None)
        place, record_id = members.add(record)
        members.add(_request(members.writer, exchange, concurrent_to=record_id))
    block = "".join(f"{name}: {value}\r\n" for name, value in _told(answer, provenance)).encode()
    metadata = members.writer.create_warc_record(
        _header_uri(answer.url),
        "metadata",
        payload=io.BytesIO(block),
        length=len(block),
        warc_headers_dict={"WARC-Date": _warc_date(at), **({"WARC-Concurrent-To": record_id} if record_id else {})},
    )
    own_place, _ = members.add(metadata)
    return own_place if place is None else place


def _response(
    writer: WARCWriter, exchange: Exchange, provenance: Provenance, *, previous: Earlier | None
) -> ArcWarcRecord:
    head = _VerbatimHead(_consistent_head(exchange))
    stated = {
        "WARC-Date": _warc_date(exchange.requested_at),
        "WARC-IP-Address": exchange.address,
        "Marsad-Source": provenance.source,
        "Marsad-Zone": provenance.zone,
        "Marsad-Kind": None if provenance.kind == "page" else provenance.kind,
        "Marsad-Feed-Date": provenance.published,
        "Marsad-Feed-Title": provenance.title,
        "Marsad-Feed-Authors": "; ".join(provenance.authors[:MAX_AUTHORS]),
    }
    headers = {name: value for name, text in stated.items() if text and (value := one_line(text[:MAX_HEADER_CHARS]))}
    uri = _header_uri(exchange.url)
    if previous is not None:
        refers_to = _header_uri(previous.url), _warc_date(previous.at)
        return writer.create_revisit_record(
            uri, previous.digest, *refers_to, http_headers=head, warc_headers_dict=headers
        )
    return writer.create_warc_record(
        uri,
        "response",
        payload=io.BytesIO(exchange.body),
        length=len(exchange.body),
        warc_headers_dict=headers,
        http_headers=head,
    )


def _request(writer: WARCWriter, exchange: Exchange, *, concurrent_to: str) -> ArcWarcRecord:
    headers = {"WARC-Date": _warc_date(exchange.requested_at), "WARC-Concurrent-To": concurrent_to}
    head = _VerbatimHead(_head_of(LINE_END.split(exchange.request_head)))
    return writer.create_warc_record(_header_uri(exchange.url), "request", warc_headers_dict=headers, http_headers=head)


def _head_of(lines: list[bytes]) -> bytes:
    """The header block of these lines; of a block that is too long to be read, the longest lines are left out."""
    kept, n_bytes = set[int](), 0
    for number in sorted(range(len(lines)), key=lambda number: len(lines[number])):
        n_bytes += len(lines[number]) + 2
        if lines[number] and n_bytes <= MAX_HTTP_HEAD_BYTES:
            kept.add(number)
    return b"\r\n".join([*(line for number, line in enumerate(lines) if number in kept), b"", b""])


def _consistent_head(exchange: Exchange) -> bytes:
    """The response's header block with the length of the body that follows it, which is chunked no more."""
    first, *lines = LINE_END.split(exchange.response_head)
    length = b"%d" % len(exchange.body)
    kept = [first]
    for line in lines:
        name, _, value = line.partition(b":")
        original = ORIGINAL.get(name.strip().lower())
        is_right = original == ORIGINAL[b"content-length"] and value.strip() == length
        if original is None:
            kept.append(line)
        elif not is_right:
            kept.append(original + b":" + value)
    return _head_of([*kept, b"Content-Length: " + length])


def _told(answer: Answer, provenance: Provenance) -> Iterator[tuple[str, str]]:
    """The fields of the metadata record, from which the ledger's line can be made again; none for what is not known."""
    final = answer.exchanges[-1] if answer.exchanges else None
    fields = {
        "url": uri_of(answer.url) if _header_uri(answer.url) != uri_of(answer.url) else None,
        "outcome": answer.outcome,
        "detail": answer.detail,
        "source": provenance.source,
        "zone": provenance.zone,
        "kind": provenance.kind,
        "via": provenance.found_in and uri_of(provenance.found_in),
        "title": provenance.title,
        "published": provenance.published,
        "finalUrl": uri_of(answer.final_url) if final else None,
        "status": str(final.status) if final else None,
        "etag": final.header("etag") if final else None,
        "lastModified": final.header("last-modified") if final else None,
    }
    authors = [("author", author) for author in provenance.authors[:MAX_AUTHORS]]
    for name, text in [*fields.items(), *authors]:
        value = text if name in ("url", "via", "finalUrl") else one_line(text or "")
        if value:
            yield name, value


# --- the next start -------------------------------------------------------------------------------------------------


def warc_files(raw: Path) -> list[Path]:
    """The WARC files that fetches wrote under `raw`, by day and name."""
    return sorted(
        path for path in (raw / FOLDER).glob("*/marsad-*.warc.gz") if path.is_file() and not path.is_symlink()
    )


def set_aside_torn_tails(raw: Path) -> list[TornTail]:
    """What killed writers left behind the last whole record of their files, which is moved to `NAME.warc.gz.torn`.

    Only files that may be written and that no live writer holds are read, each once: then they are read-only. One
    without any whole record is moved as a whole.
    """
    torn: list[TornTail] = []
    for path in warc_files(raw):
        with suppress(FileNotFoundError):  # another start, at the same time
            if path.stat().st_mode & 0o222 and (n_bytes := _mend(path)):
                torn.append(TornTail(path=path.relative_to(raw).as_posix(), n_bytes=n_bytes))
    return torn


def _mend(path: Path) -> int:
    """The bytes that were set aside; none where a writer holds the file or its tail is whole."""
    with path.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        size_bytes, end = file.seek(0, os.SEEK_END), 0
        for member in iter_members(file, offset=0, keep_bytes=0):
            end = member.end
        aside = path.with_name(f"{path.name}.torn")
        if end < size_bytes and end:
            _copy_tail(file, end, aside)
            _sync_folder(path.parent)
            file.truncate(end)
        elif end < size_bytes:
            path.replace(aside)
        elif not size_bytes:
            path.unlink()
        os.fsync(file.fileno())
        _sync_folder(path.parent)
        _seal(file.fileno())
        return size_bytes - end


def _copy_tail(file: io.BufferedRandom, offset: int, aside: Path) -> None:
    """The bytes from `offset` on in a file of their own, on the disk; one that a killed start began is written anew."""
    file.seek(offset)
    with aside.open("wb") as copy:
        while piece := file.read(COPY_BYTES):
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
