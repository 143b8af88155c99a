"""The members of a zip file. The standard library reads the directory; the bytes are unpacked here, under limits."""

import dataclasses
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from tasks.raw.members import Member
from tasks.raw.streams import (
    BZIP2,
    UNPACK_ERRORS,
    ZSTD,
    BlockDecoder,
    BrokenRecord,
    Codec,
    Inflater,
    OpenFile,
    Source,
    Unit,
    Window,
    describe,
)  # fmt: skip

ENCRYPTED_FLAG = 0x1
SIZES_BEHIND_FLAG = 0x8
UTF_8_FLAG = 0x800
# A zip64 header states it elsewhere.
UNKNOWN_SIZE = 0xFFFFFFFF
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
LOCAL_MAGIC = b"PK\x03\x04"
LZMA_METHOD = 14
MAX_LZMA_DICTIONARY_BYTES = 128 * 1024 * 1024
# APPNOTE.TXT 4.4.5.
CODECS: dict[int, Codec | None] = {
    0: None,
    8: Codec("deflate", re.compile(b""), lambda: Inflater(-15)),
    12: BZIP2,
    93: ZSTD,
}


def members(path: Path, file: OpenFile) -> Iterator[tuple[Member, Callable[[], Source]]]:
    """The members in the order of the directory, each with what gives its bytes.

    Where the directory is damaged: those whose own headers are found, and one without a name that says so.
    """
    read = reader(file)
    found: Iterable[Member]
    try:
        with zipfile.ZipFile(path) as archive:
            found = [_member(info) for info in archive.infolist() if not info.is_dir()]
    except UNPACK_ERRORS as error:
        found = _salvaged(file, describe(error))
    for member in found:
        yield member, lambda member=member: read(member)  # type: ignore[misc]


def _salvaged(file: OpenFile, wrong: str) -> Iterator[Member]:
    """The members of a zip by their own headers; the last has no name and bears what is wrong with the directory."""
    window = Window(file.source())
    while _seek_local_header(window):
        _, _, flags, method, time, date, crc, n_packed, n_bytes, n_name, n_extra = LOCAL_HEADER.unpack_from(
            window.buffer
        )
        n_head = LOCAL_HEADER.size + n_name + n_extra
        window.fill(n_head)
        name = bytes(window.buffer[LOCAL_HEADER.size : LOCAL_HEADER.size + n_name])
        day = (date >> 9) + 1980, date >> 5 & 0xF, date & 0x1F, time >> 11, time >> 5 & 0x3F, (time & 0x1F) * 2
        info = zipfile.ZipInfo(name.decode("utf-8" if flags & UTF_8_FLAG else "cp437", "replace"), day)
        info.flag_bits, info.compress_type, info.header_offset = flags, method, window.offset
        info.CRC, info.compress_size, info.file_size = crc, n_packed, n_bytes
        has_sizes = not flags & SIZES_BEHIND_FLAG and UNKNOWN_SIZE not in (n_packed, n_bytes)
        if not info.is_dir():
            member = _member(info)
            unsized = None if has_sizes else "the zip directory alone states the member's size"
            yield dataclasses.replace(member, wrong=member.wrong or unsized)
        window.skip(n_head + n_packed if has_sizes else n_head)
    yield Member(name="", offset=window.offset, size_bytes=0, changed_at=None, wrong=wrong)


def _seek_local_header(window: Window) -> bool:
    """Whether another local header follows; the window then begins there."""
    while window.fill(LOCAL_HEADER.size) >= LOCAL_HEADER.size:
        at = window.buffer.find(LOCAL_MAGIC)
        if at < 0:
            window.drop(len(window.buffer) - len(LOCAL_MAGIC) + 1)
            continue
        window.drop(at)
        if window.fill(LOCAL_HEADER.size) >= LOCAL_HEADER.size:
            return True
    return False


def _member(info: zipfile.ZipInfo) -> Member:
    try:
        changed_at = datetime(*info.date_time, tzinfo=UTC)
    except ValueError:
        changed_at = None
    wrong = None
    if info.flag_bits & ENCRYPTED_FLAG:
        wrong = "the zip member is encrypted"
    elif info.compress_type not in CODECS and info.compress_type != LZMA_METHOD:
        wrong = f"zip method {info.compress_type} is not known"
    return Member(
        name=info.filename,
        offset=info.header_offset,
        size_bytes=info.file_size,
        changed_at=changed_at,
        wrong=wrong,
        method=info.compress_type,
        packed_bytes=info.compress_size,
        crc=info.CRC,
    )


def reader(file: OpenFile) -> Callable[[Member], Source]:
    """What gives the bytes of a member."""
    return lambda member: _Checked(file, member)


class _Checked:
    """The unpacked bytes of a zip member. Raises BrokenRecord where they do not unpack to what the directory states."""

    def __init__(self, file: OpenFile, member: Member) -> None:
        self._member, self._crc, self._n_left, self._is_done = member, 0, member.size_bytes, False
        self._file = file
        self._source: Source | None = None

    def _opened(self) -> Source:
        file, member = self._file, self._member
        header = Window(file.source(member.offset, member.offset + LOCAL_HEADER.size))
        if header.fill(LOCAL_HEADER.size) < LOCAL_HEADER.size or not header.buffer.startswith(LOCAL_MAGIC):
            raise BrokenRecord("no zip member at its place")
        *_, n_name, n_extra = LOCAL_HEADER.unpack(header.buffer)
        begin = member.offset + LOCAL_HEADER.size + n_name + n_extra
        packed = Window(file.source(begin, begin + member.packed_bytes))
        codec = _lzma(packed) if member.method == LZMA_METHOD else CODECS.get(member.method)
        return Unit(packed, codec) if codec else file.source(begin, begin + member.packed_bytes)

    def read(self) -> bytes:
        """The next bytes; empty at the end."""
        if self._is_done:
            return b""
        self._is_done = True
        self._source = self._source or self._opened()
        data = self._source.read() if self._n_left else b""
        self._n_left -= len(data)
        self._crc = zlib.crc32(data, self._crc)
        if self._n_left < 0 or (not data and self._n_left):
            raise BrokenRecord("zip member: another length than the directory states")
        if not self._n_left and self._crc != self._member.crc:
            raise BrokenRecord("zip member: another checksum than the directory states")
        self._is_done = not self._n_left
        return data


def _lzma(packed: Window) -> Codec:
    """LZMA with the properties that stand before the packed bytes (APPNOTE.TXT 5.8.8)."""
    if packed.fill(9) < 9:
        raise BrokenRecord("zip member: no LZMA properties")
    n_properties, properties, dictionary = struct.unpack_from("<HBL", packed.buffer, 2)
    if n_properties != 5 or properties >= 9 * 5 * 5 or dictionary > MAX_LZMA_DICTIONARY_BYTES:
        raise BrokenRecord(f"zip member: LZMA properties {properties}, a dictionary of {dictionary} bytes")
    packed.drop(9)
    chosen = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(dictionary, 4096),
        "lc": properties % 9,
        "lp": properties // 9 % 5,
        "pb": properties // 45,
    }
    return Codec(
        "lzma", re.compile(b""), lambda: BlockDecoder(lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chosen]))
    )
