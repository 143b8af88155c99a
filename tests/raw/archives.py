"""Raw bytes that the reader tests write, and the ways they read them back."""

import gzip
import hashlib
import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tasks.raw.containers import list_containers
from tasks.raw.readers import read_chunk
from tasks.raw.scan import ScanStart, scan_container
from tasks.records.batches import Batch, Container
from tasks.records.raw import RawRecord

MAX_BYTES = 100_000


def http(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    """An HTTP response block."""
    lines = [f"HTTP/1.1 {status}", *(headers or ("Content-Type: text/html",))]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def warc(
    block: bytes,
    *headers: str,
    kind: str = "response",
    content_type: str = "application/http; msgtype=response",
    date: str | None = "2024-05-06T07:08:09Z",
    uri: str = "http://a.example/1",
) -> bytes:
    """One WARC record around `block`."""
    lines = ["WARC/1.1", f"WARC-Type: {kind}", f"WARC-Target-URI: {uri}", f"Content-Type: {content_type}"]
    lines += [f"WARC-Date: {date}"] if date else []
    lines += [*headers, f"Content-Length: {len(block)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def page(number: int, *, n_bytes: int = 40) -> bytes:
    """A page that differs from the others by its number and does not compress well."""
    noise = "".join(hashlib.sha256(f"{number} {i}".encode()).hexdigest() for i in range(n_bytes // 64 + 1))
    return f"<p>page {number} {noise[:n_bytes]}</p>".encode()


def pages_warc(numbers: Iterable[int], *, n_bytes: int = 40) -> list[bytes]:
    """One response record a page."""
    return [warc(http(page(n, n_bytes=n_bytes)), uri=f"http://a.example/{n}") for n in numbers]


def gzipped(data: bytes) -> bytes:
    """One gzip member without a time in it."""
    return gzip.compress(data, mtime=0)


def zip_bytes(members: Iterable[tuple[str, bytes]], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of members dated 2023-01-02 03:04:06."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, date_time=(2023, 1, 2, 3, 4, 6)), content, compress_type=method)
    return buffer.getvalue()


def put(root: Path, path: str, content: bytes) -> Path:
    """A file under the raw root."""
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def only(root: Path) -> Container:
    """The one container of a raw root."""
    (container,) = list_containers(root)
    return container


def scan(
    root: Path,
    container: Container | None = None,
    *,
    batch_records: int = 5_000,
    chunk_records: int = 50,
    start: ScanStart | None = None,
    max_bytes: int = MAX_BYTES,
) -> list[Batch]:
    """The batches of one container."""
    return scan_container(
        root,
        container or only(root),
        start=start or ScanStart(),
        batch_records=batch_records,
        chunk_records=chunk_records,
        max_bytes=max_bytes,
    )


def read(root: Path, batches: Iterable[Batch], *, max_bytes: int = MAX_BYTES) -> list[RawRecord]:
    """The records of batches, read chunk by chunk."""
    return [
        record for batch in batches for chunk in batch.chunks for record in read_chunk(root, chunk, max_bytes=max_bytes)
    ]


def read_singly(root: Path, batches: Iterable[Batch], *, max_bytes: int = MAX_BYTES) -> list[RawRecord]:
    """The records of batches, each read alone."""
    return [
        record
        for batch in batches
        for chunk in batch.chunks
        for single in chunk.singles
        for record in read_chunk(root, single, max_bytes=max_bytes)
    ]


def records_of(root: Path, *, max_bytes: int = MAX_BYTES) -> list[RawRecord]:
    """Every record under a raw root."""
    return [
        record
        for container in list_containers(root)
        for record in read(root, scan(root, container, max_bytes=max_bytes), max_bytes=max_bytes)
    ]


def record_of(root: Path, *, max_bytes: int = MAX_BYTES) -> RawRecord:
    """The one record under a raw root."""
    (record,) = records_of(root, max_bytes=max_bytes)
    return record


def outcome(record: RawRecord) -> str:
    """The reason of a record's rejection, or 'page'."""
    return record.rejection.reason if record.rejection else "page"
