"""Where WARC records begin and end: record framing over plain bytes and over gzip members.

Framing is Marsad's own because offsets, torn tails and limits decide what a run covers; what is inside a record
is read by fastwarc (ISO 28500:2017, chapter 4 and annex D for one gzip member a record).
"""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, TypeAlias

READ_BYTES = 256 * 1024
STEP_BYTES = 32 * 1024
WINDOW_BYTES = 1024 * 1024
MAX_HEADER_LINE_BYTES = 64 * 1024
MAX_HEADER_BYTES = 1024 * 1024
# What gzip and zip files that are damaged, encrypted or of an unknown method raise from the standard library.
UNPACK_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
    EOFError, OSError, RuntimeError, ValueError, IndexError,
)  # fmt: skip

# A buffered reader over whatever lies below it.
ByteStream: TypeAlias = "io.BufferedReader[Any]"


class _NoRecord(Exception):
    """No record at `offset`, after `skip` records of the same gzip member or `line` lines."""

    def __init__(self, message: str, offset: int = 0, *, line: int = 0) -> None:
        super().__init__(message)
        self.offset, self.skip, self.line = offset, 0, line


class TornRecord(_NoRecord):
    """The bytes end inside the record at `offset`: its writer has not finished, or was killed."""


class BrokenRecord(_NoRecord):
    """The bytes at `offset` are no record."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One record: the offset to seek to, how many records share that offset before it, its head and capped body."""

    offset: int
    skip: int
    head: bytes
    body: bytes
    content_length: int


class LimitedFile(io.RawIOBase):
    """A file that ends at `limit` bytes, whatever has been appended since."""

    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file, self._limit = file, limit

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to `offset`, from the limit when `whence` is SEEK_END."""
        if whence == io.SEEK_END:
            offset, whence = self._limit + offset, io.SEEK_SET
        return self._file.seek(offset, whence)

    def readinto(self, buffer: object) -> int:
        """Fill `buffer`, at most up to the limit."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        data = self._file.read(max(0, min(len(view), self._limit - self._file.tell())))
        view[: len(data)] = data
        return len(data)


class ForwardFile(io.RawIOBase):
    """A stream read in the same steps from its beginning, wherever it is entered.

    Seeking reads on, so that damage shows at the same byte to a scan and to the reader of one chunk: a decompressor
    gives up what it had of the damaged step. Raises BrokenRecord where the stream breaks.
    """

    def __init__(self, file: io.BufferedIOBase | IO[bytes]) -> None:
        self._file = file
        self._window, self._begin, self._at = bytearray(), 0, 0

    def readable(self) -> bool:
        """Always true."""
        return True

    def seekable(self) -> bool:
        """Always true; see `seek`."""
        return True

    def tell(self) -> int:
        """The offset of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Read on to `offset`, or go back by less than a window. Raises OSError for any other way."""
        if whence != io.SEEK_SET or offset < self._begin:
            raise OSError("the stream can only be read forward")
        while self._begin + len(self._window) < offset and self._step():
            pass
        self._at = min(offset, self._begin + len(self._window))
        return self._at

    def readinto(self, buffer: object) -> int:
        """Fill `buffer` from the step at hand; 0 at the end."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        if self._at == self._begin + len(self._window):
            self._step()
        at = self._at - self._begin
        data = self._window[at : at + len(view)]
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _step(self) -> bool:
        try:
            data: bytes = self._file.read1(STEP_BYTES)  # type: ignore[union-attr]
        except UNPACK_ERRORS as error:
            raise BrokenRecord(f"{type(error).__name__}: {error}") from error
        self._window += data
        surplus = max(0, len(self._window) - WINDOW_BYTES)
        del self._window[:surplus]
        self._begin += surplus
        return bool(data)


class GzipMember(io.RawIOBase):
    """The decompressed bytes of one gzip member; `end_offset` is known once they are read.

    Raises TornRecord where the file ends inside the member, BrokenRecord where it does not inflate.
    """

    def __init__(self, file: ByteStream, offset: int) -> None:
        self._file, self.offset = file, offset
        self._inflater = zlib.decompressobj(31)
        self._pending = b""
        self.end_offset: int | None = None
        self._consumed = offset

    def readable(self) -> bool:
        """Always true."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill `buffer` with decompressed bytes; 0 at the end of the member."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        while self.end_offset is None:
            if not self._pending:
                # Whole steps counted from the member's head: damage shows at the same record wherever reading began.
                self._pending = self._file.read(STEP_BYTES)
                self._consumed += len(self._pending)
                if not self._pending:
                    raise TornRecord("the gzip member does not end")
            try:
                data = self._inflater.decompress(self._pending, len(view))
            except zlib.error as error:
                raise BrokenRecord(f"gzip: {error}") from error
            self._pending = self._inflater.unconsumed_tail
            if self._inflater.eof:
                self.end_offset = self._consumed - len(self._inflater.unused_data)
            if data:
                view[: len(data)] = data
                return len(data)
        return 0


def _head(stream: ByteStream) -> tuple[int, bytes]:
    """The blank bytes before the next record and its header block, which is empty at a clean end."""
    blank = 0
    line = stream.readline(MAX_HEADER_LINE_BYTES)
    while line in (b"\r\n", b"\n"):
        blank += len(line)
        line = stream.readline(MAX_HEADER_LINE_BYTES)
    if line and not line.startswith(b"WARC/"):
        torn = (b"WARC/".startswith(line[:5]) or line == b"\r") and not line.endswith(b"\n")
        raise (TornRecord if torn else BrokenRecord)("no WARC version line")
    head, is_ended = bytearray(line), False
    while line and not is_ended:
        begins = head.endswith(b"\n")
        line = stream.readline(MAX_HEADER_LINE_BYTES)
        is_ended = begins and line in (b"\r\n", b"\n")
        if not line:
            raise TornRecord("the header does not end")
        head += line
        if len(head) > MAX_HEADER_BYTES:
            raise BrokenRecord(f"a header of more than {MAX_HEADER_BYTES} bytes")
    return blank, bytes(head)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            if value.strip().isdigit() and len(value) < 20:
                return int(value)
            break
    raise BrokenRecord("no Content-Length")


def _skip(stream: ByteStream, n_bytes: int) -> None:
    while n_bytes:
        data = stream.read(min(n_bytes, READ_BYTES))
        if not data:
            raise TornRecord("the body does not end")
        n_bytes -= len(data)


def frames(stream: ByteStream, *, offset: int, body_limit: int, counts_bytes: bool) -> Iterator[Frame]:
    """The records of `stream`, which begins at `offset`; bodies are cut at `body_limit` bytes.

    `counts_bytes`: each record has its own offset (plain WARC); else all share `offset` and `skip` counts them (one
    gzip member). Raises TornRecord or BrokenRecord where the stream breaks; what came before has been given.
    """
    at, n_before = offset, 0
    while True:
        try:
            blank, head, body, length = _next_record(stream, body_limit)
        except (TornRecord, BrokenRecord) as error:
            error.offset, error.skip = at, n_before
            raise
        if not head:
            return
        if counts_bytes:
            yield Frame(at + blank, 0, head, body, length)
            at += blank + len(head) + length
        else:
            yield Frame(offset, n_before, head, body, length)
            n_before += 1


def _next_record(stream: ByteStream, body_limit: int) -> tuple[int, bytes, bytes, int]:
    """Blank bytes before it, head, capped body and whole length of the next record; an empty head at a clean end."""
    blank, head = _head(stream)
    if not head:
        return blank, b"", b"", 0
    length = _content_length(head)
    body = stream.read(min(length, body_limit)) or b""
    if len(body) < min(length, body_limit):
        if isinstance(stream.raw, GzipMember):  # the member ended: its writer got Content-Length wrong, nothing is torn
            return blank, head, body, len(body)
        raise TornRecord("the body does not end")
    _skip(stream, length - len(body))
    return blank, head, body, length


def member_frames(file: ByteStream, *, offset: int, body_limit: int) -> Iterator[Frame]:
    """The records of a gzipped WARC from the member at `offset` on: one member usually holds one record."""
    while True:
        file.seek(offset)
        if not file.peek(1):
            return
        member = GzipMember(file, offset)
        stream = io.BufferedReader(member, READ_BYTES)
        yield from frames(stream, offset=offset, body_limit=body_limit, counts_bytes=False)
        if member.end_offset is None:  # blank lines at most are left: frames() reads to a clean end
            stream.read()
        if member.end_offset is None:
            raise TornRecord("the gzip member does not end", offset)
        offset = member.end_offset
