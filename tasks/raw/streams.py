"""Bytes read forward in bounded memory: files, what is packed in them, and a window over either.

A source is read in steps that are counted from its own beginning, wherever a reader enters it. So damage shows at the
same byte to a scan and to the reader of one record: a decoder gives up what it had of the damaged step.
"""

import bz2
import lzma
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

import zstandard

READ_BYTES = 256 * 1024
# That of bzip2.
MAX_MAGIC_BYTES = 10
STEP_BYTES = 32 * 1024
# What the zstd command reads without being told otherwise; bodies over HTTP have a window of 8 MiB (RFC 9659).
MAX_ZSTD_WINDOW_BYTES = 128 * 1024 * 1024
# A zstd block is 4 bytes at least and 128 KiB at most unpacked: so many packed bytes give 8 MiB at most.
ZSTD_STEP_BYTES = 256
# How far behind the place where damage showed the next unit may begin: a decoder that lost its way reads on over the
# beginning of others. All of a unit again and again would cost the square of its length.
LOOKBACK_BYTES = 64 * 1024
PROBE_BYTES = 4096
# How far a unit is followed that gives no records any more: a decoder that lost its way may never see it.
MAX_LOST_BYTES = 1024 * 1024
# What packed files that are damaged, encrypted or of an unknown method raise from the libraries.
UNPACK_ERRORS = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, zstandard.ZstdError, struct.error,
    EOFError, OSError, RuntimeError, ValueError, IndexError,
)  # fmt: skip


class BrokenRecord(Exception):
    """The bytes are not what they should be; `offset`, `skip` and `line` say where, once that is known.

    `is_apart`: the bytes given before it belong to a unit that ended well, so that it tells nothing about them.
    """

    def __init__(self, message: str, offset: int = 0, *, skip: int = 0, line: int = 0, is_apart: bool = False) -> None:
        super().__init__(message)
        self.is_apart = is_apart
        self.offset, self.skip, self.line = offset, skip, line


class TornRecord(BrokenRecord):
    """The bytes end inside a record: its writer has not finished, or was killed."""


class Source(Protocol):
    """Bytes in steps."""

    def read(self) -> bytes:
        """The next bytes; empty at the end.

        Raises BrokenRecord where they break. A later call goes on behind the damage where there is a way to.
        """


class FileSource:
    """The bytes [start, end) of an open file, whatever has been appended since."""

    def __init__(self, file: BinaryIO, *, start: int = 0, end: int) -> None:
        self._file, self._at, self._end = file, start, end

    def read(self) -> bytes:
        """The next bytes; empty at the end."""
        self._file.seek(self._at)
        data = self._file.read(max(0, min(READ_BYTES, self._end - self._at)))
        self._at += len(data)
        return data


class OpenFile:
    """A file opened for a `with` block, and the source of any part of it."""

    def __init__(self, path: Path, *, size_bytes: int = sys.maxsize) -> None:
        self._file = path.open("rb", buffering=0)
        self._size_bytes = size_bytes

    def __enter__(self) -> "OpenFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def source(self, start: int = 0, end: int | None = None) -> FileSource:
        """The bytes [start, end), no further than the size the run planned with."""
        stop = self._size_bytes if end is None else min(end, self._size_bytes)
        return FileSource(self._file, start=start, end=stop)


class Window:
    """The bytes of a source from a moving place on, held only as far as they are asked for.

    `buffer` begins at `offset`. Where the source breaks, the window ends and `damage` says how; `resume` goes on.
    """

    def __init__(self, source: Source, *, offset: int = 0) -> None:
        self.buffer = bytearray()
        self.offset = offset
        self.damage: BrokenRecord | None = None
        self._source = source
        self._is_ended = False

    def fill(self, n_bytes: int) -> int:
        """How many bytes are held once `n_bytes` are, or all there are."""
        while len(self.buffer) < n_bytes and not self.is_at_end:
            try:
                data = self._source.read()
            except BrokenRecord as damage:
                self.damage = damage
            except UNPACK_ERRORS as error:
                self.damage = BrokenRecord(describe(error))
                self._is_ended = True
            else:
                self.buffer += data
                self._is_ended = not data
        return len(self.buffer)

    @property
    def is_at_end(self) -> bool:
        """Whether no more than `buffer` will come, for the end or for damage."""
        return self._is_ended or self.damage is not None

    @property
    def is_doubtful(self) -> bool:
        """Whether damage shows in the very unit that the last held bytes come from.

        Only a unit's end tells whether it unpacks to what was packed: until then a decoder that lost its way may have
        made up what it gave.
        """
        return self.damage is not None and not self.damage.is_apart

    def drop(self, n_bytes: int) -> None:
        """Let go of the first bytes of the buffer."""
        n_dropped = max(0, min(n_bytes, len(self.buffer)))
        del self.buffer[:n_dropped]
        self.offset += n_dropped

    def skip(self, n_bytes: int) -> int:
        """How many of `n_bytes` bytes there were to pass over; they are not kept."""
        target, begin = self.offset + n_bytes, self.offset
        while self.offset < target and self.fill(1):
            self.drop(target - self.offset)
        return self.offset - begin

    def resume(self) -> bool:
        """Whether there may be anything behind the damage; what was held before it is given up.

        The damage counts as a byte: it and what follows it have places of their own.
        """
        self.drop(len(self.buffer))
        self.offset += 1
        self.damage = None
        return not self._is_ended


class Decoder(Protocol):
    """Unpacks one unit. Output is bounded by the limit, for zstd by its small steps."""

    @property
    def eof(self) -> bool:
        """Whether the unit is complete."""

    @property
    def unused_data(self) -> bytes:
        """What was fed and lies behind the unit."""

    def unpack(self, data: bytes, limit: int) -> bytes:
        """Unpacked bytes of `data`, which is fed in full; call with b"" while `is_hungry` is not true."""

    @property
    def is_hungry(self) -> bool:
        """Whether new data is due."""


class Inflater:
    """zlib, gzip (31) or raw deflate (-15)."""

    def __init__(self, wbits: int) -> None:
        self._inflater = zlib.decompressobj(wbits)
        self._tail = b""

    @property
    def eof(self) -> bool:
        """Whether the unit is complete."""
        return self._inflater.eof

    @property
    def unused_data(self) -> bytes:
        """What was fed and lies behind the unit."""
        return self._inflater.unused_data

    @property
    def is_hungry(self) -> bool:
        """Whether new data is due."""
        return not self._tail

    def unpack(self, data: bytes, limit: int) -> bytes:
        """Unpacked bytes of `data`."""
        out = self._inflater.decompress(self._tail + data, limit)
        self._tail = self._inflater.unconsumed_tail
        return out


class BlockDecoder:
    """bzip2 and LZMA, as the standard library has them."""

    def __init__(self, decompressor: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._decompressor = decompressor

    @property
    def eof(self) -> bool:
        """Whether the unit is complete."""
        return self._decompressor.eof

    @property
    def unused_data(self) -> bytes:
        """What was fed and lies behind the unit."""
        return self._decompressor.unused_data

    @property
    def is_hungry(self) -> bool:
        """Whether new data is due."""
        return self._decompressor.needs_input

    def unpack(self, data: bytes, limit: int) -> bytes:
        """Unpacked bytes of `data`."""
        return self._decompressor.decompress(data, limit)


class Zstd:
    """zstd with the largest window that is taken."""

    def __init__(self, max_window_bytes: int) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=max_window_bytes).decompressobj()
        self._tail = b""

    @property
    def eof(self) -> bool:
        """Whether the unit is complete."""
        return self._decompressor.eof

    @property
    def unused_data(self) -> bytes:
        """What was fed and lies behind the unit."""
        return self._decompressor.unused_data + self._tail

    @property
    def is_hungry(self) -> bool:
        """Whether new data is due."""
        return not self._tail

    def unpack(self, data: bytes, limit: int) -> bytes:
        """Unpacked bytes of `data`."""
        del limit
        fed = self._tail + data
        self._tail = fed[ZSTD_STEP_BYTES:]
        return self._decompressor.decompress(fed[:ZSTD_STEP_BYTES])


@dataclass(frozen=True, slots=True)
class Codec:
    """A way of packing: how a unit begins, how it is unpacked.

    A gzip member begins with three bytes that packed data holds by chance: it is probed before it is believed.
    """

    name: str
    magic: re.Pattern[bytes]
    decoder: Callable[[], Decoder]
    is_probed: bool = False
    has_checksum: bool = True
    step_bytes: int = STEP_BYTES


GZIP = Codec("gzip", re.compile(rb"\x1f\x8b\x08[\x00-\x1f]"), lambda: Inflater(31), is_probed=True)
BZIP2 = Codec("bzip2", re.compile(rb"BZh[1-9]1AY&SY"), lambda: BlockDecoder(bz2.BZ2Decompressor()))
ZSTD = Codec(
    "zstd", re.compile(rb"\x28\xb5\x2f\xfd"), lambda: Zstd(MAX_ZSTD_WINDOW_BYTES),
    has_checksum=False, step_bytes=ZSTD_STEP_BYTES * 16,
)  # fmt: skip
HTTP_ZSTD = Codec("zstd", ZSTD.magic, lambda: Zstd(8 * 1024 * 1024), step_bytes=ZSTD.step_bytes)
CODECS = {".gz": GZIP, ".bz2": BZIP2, ".zst": ZSTD, ".tgz": GZIP, ".tbz2": BZIP2}


def codec_of(name: str) -> Codec | None:
    """How a file is packed, by the end of its name; None when it is not."""
    return CODECS.get("." + name.lower().rpartition(".")[2])


class Unit:
    """One gzip member, bzip2 stream or zstd frame at the beginning of `packed`, as a source.

    Raises TornRecord where the packed bytes end inside it. `end` is the offset behind it once it has been read.
    """

    def __init__(self, packed: Window, codec: Codec) -> None:
        self.packed, self.codec = packed, codec
        self.offset = self.fed_to = packed.offset
        self.end: int | None = None
        # Where the unit stopped giving records: from there on others are looked for.
        self.lost_at: int | None = None
        # A unit without checksum that was cut may have ended in the middle of what followed it.
        packed.fill(MAX_MAGIC_BYTES)
        self.is_begun_well = codec.magic.match(packed.buffer) is not None
        self._is_broken = False
        self._decoder = codec.decoder()

    def read(self) -> bytes:
        """The next unpacked bytes; empty at the end of the unit."""
        while self.end is None and not self._is_broken:
            self._is_broken = True
            data = self._next_step() if self._decoder.is_hungry else b""
            try:
                out = self._decoder.unpack(data, STEP_BYTES)
            except UNPACK_ERRORS as error:
                raise BrokenRecord(f"{self.codec.name}: {error}") from error
            self._is_broken = False
            if self._decoder.eof:
                self.end = self.fed_to - len(self._decoder.unused_data)
                self.packed.drop(self.end - self.packed.offset)
            if out:
                return out
        return b""

    def _next_step(self) -> bytes:
        """The next packed bytes; as many before them stay in the window as may have to be looked at again."""
        lost_at = self.fed_to if self.lost_at is None else self.lost_at
        if self.fed_to - lost_at > MAX_LOST_BYTES:
            raise BrokenRecord(f"{self.codec.name}: no record in {MAX_LOST_BYTES} packed bytes")
        self.packed.drop(lost_at - LOOKBACK_BYTES - self.packed.offset)
        begin = self.fed_to - self.packed.offset
        self.packed.fill(begin + self.codec.step_bytes)
        data = bytes(self.packed.buffer[begin : begin + self.codec.step_bytes])
        if not data:
            if self.packed.damage:
                raise BrokenRecord(str(self.packed.damage))
            raise TornRecord(f"the {self.codec.name} data ends too early")
        self.fed_to += len(data)
        return data


def seek_unit(packed: Window, broken: Unit, *, begins: re.Pattern[bytes]) -> bool:
    """Whether another unit begins behind the beginning of a broken one; the window then begins there.

    Where units are probed, one counts when what it unpacks to matches `begins`.
    """
    packed.drop(broken.offset + 1 - packed.offset)
    at = 0
    while True:
        found = broken.codec.magic.search(packed.buffer, at)
        if found is not None:
            at = found.start()
            if not broken.codec.is_probed or _is_begun(packed, at, broken.codec, begins):
                packed.drop(at)
                return True
            at += 1
        elif packed.is_at_end:
            packed.drop(len(packed.buffer))
            return False
        else:
            packed.drop(len(packed.buffer) - 16)
            packed.fill(len(packed.buffer) + READ_BYTES)
            at = 0


def _is_begun(packed: Window, at: int, codec: Codec, begins: re.Pattern[bytes]) -> bool:
    packed.fill(at + PROBE_BYTES)
    try:
        return bool(begins.match(codec.decoder().unpack(bytes(packed.buffer[at : at + PROBE_BYTES]), 256)))
    except UNPACK_ERRORS:
        return False


class Unpacked:
    """The units of packed bytes one after another, as one source that goes on behind a broken one.

    `begins`: what the unit begins with at which reading goes on; None where nothing behind damage can be used.
    Zeros between units are padding.
    """

    def __init__(self, packed: Source, codec: Codec, *, begins: re.Pattern[bytes] | None = None) -> None:
        self.packed = Window(packed)
        self.n_units = 0
        self.is_between_units = True
        self.codec, self._begins = codec, begins
        self._unit: Unit | None = None
        self._broken: Unit | None = None

    def read(self) -> bytes:
        """The next unpacked bytes; empty at the end. Raises BrokenRecord where a unit breaks or ends too early."""
        while (unit := self._unit or self._next_unit()) is not None:
            self._unit = unit
            try:
                data = unit.read()
            except BrokenRecord as error:
                self._unit, self._broken = None, unit
                is_apart = self.is_between_units and (self.codec.has_checksum or unit.is_begun_well)
                raise BrokenRecord(str(error), is_apart=is_apart) from error
            self.is_between_units = False
            if data:
                return data
            self.n_units += 1
            self._unit, self.is_between_units = None, True
        return b""

    def _next_unit(self) -> Unit | None:
        packed = self.packed
        if self._broken is not None:
            if self._begins is None or not seek_unit(packed, self._broken, begins=self._begins):
                return None
            self._broken = None
        while self.n_units and packed.fill(1) and not packed.buffer[0]:
            packed.drop(len(packed.buffer) - len(packed.buffer.lstrip(b"\0")))
        return Unit(packed, self.codec) if packed.fill(1) or packed.damage else None


class BytesSource:
    """Bytes that are in memory already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read(self) -> bytes:
        """All of them, once."""
        data, self._data = self._data, b""
        return data


class Bounded:
    """The next `n_bytes` of a window as a source of its own. Raises BrokenRecord where the window ends before."""

    def __init__(self, window: Window, n_bytes: int) -> None:
        self._window, self._end = window, window.offset + n_bytes

    def read(self) -> bytes:
        """The next bytes; empty at the end."""
        n_due = min(self._end - self._window.offset, STEP_BYTES)
        if n_due <= 0:
            return b""
        n_held = self._window.fill(n_due)
        if not n_held:
            self._end = self._window.offset
            raise BrokenRecord(str(self._window.damage or "the data ends too early"))
        data = bytes(self._window.buffer[:n_due])
        self._window.drop(n_due)
        return data


def read_page(source: Source, codec: Codec | None, *, limit: int) -> tuple[bytes, str | None]:
    """The unpacked bytes of a source, at most `limit` + 1 of them, and what is wrong with them, or None.

    What follows the last unit is not looked at, as gzip does.
    """
    unpacked = Unpacked(source, codec) if codec else None
    page = bytearray()
    try:
        while len(page) <= limit and (data := (unpacked or source).read()):
            page += data
    except BrokenRecord as error:
        if not (unpacked and unpacked.n_units and unpacked.is_between_units):
            return bytes(page[: limit + 1]), str(error)
    except UNPACK_ERRORS as error:
        return bytes(page[: limit + 1]), describe(error)
    if unpacked and not unpacked.n_units and not page:
        return b"", f"{unpacked.codec.name}: no data"
    return bytes(page[: limit + 1]), None


def describe(error: BaseException) -> str:
    """What an error of a library says: the reason alone where it is one of the operating system."""
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
