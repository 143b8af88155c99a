"""The gzip members of a WARC file that the fetch wrote: one a record, so where members end, records end."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

# What inflates as one gzip member (RFC 1952), its checksum verified.
GZIP_BITS = 16 + zlib.MAX_WBITS
MAGIC = b"\x1f\x8b\x08"
RECORD_BEGINS = b"WARC/1."
# What is read at once: a record of a page of 30 KB has 8 KB; more would be read again for the next one.
READ_BYTES = 16 * 1024
# What is inflated at once; deflate makes a thousand bytes of one.
STEP_BYTES = 256 * 1024
SEARCH_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Member:
    """A whole gzip member: its first byte, the byte behind it, the first bytes of its content, whether they are all."""

    offset: int
    end: int
    content: bytes
    is_cut: bool


class BrokenMember(Exception):
    """No gzip member begins here, or what it holds does not inflate."""


def iter_members(file: BinaryIO, *, offset: int, keep_bytes: int) -> Iterator[Member]:
    """The whole members from `offset` on, each with `keep_bytes` of its content; reading goes on behind damage.

    It ends where a member is torn by the end of the file. What lies inside a torn member is not searched: a page whose
    own bytes are a gzipped WARC record would pass for one.
    """
    at: int | None = offset
    while at is not None:
        try:
            member = read_member(file, at, keep_bytes=keep_bytes)
        except BrokenMember:
            at = _next_beginning(file, at + 1)
            continue
        if member is None:
            return
        yield member
        at = member.end


def read_member(file: BinaryIO, offset: int, *, keep_bytes: int) -> Member | None:
    """The member at `offset`, or None where the file ends before it does. Raises BrokenMember where there is none."""
    file.seek(offset)
    inflater, kept, n_read, n_content = zlib.decompressobj(GZIP_BITS), bytearray(), 0, 0
    while not inflater.eof:
        packed = inflater.unconsumed_tail or file.read(READ_BYTES)
        if not packed:
            return None
        n_read += 0 if inflater.unconsumed_tail else len(packed)
        try:
            content = inflater.decompress(packed, STEP_BYTES)
        except zlib.error as error:
            raise BrokenMember(f"byte {offset}: {error}") from error
        n_content += len(content)
        kept += content[: keep_bytes - len(kept)]
    return Member(offset, offset + n_read - len(inflater.unused_data), bytes(kept), n_content > len(kept))


def _next_beginning(file: BinaryIO, at: int) -> int | None:
    """The next byte from `at` on where a gzip member begins that holds a WARC record, or None."""
    while True:
        file.seek(at)
        searched = file.read(SEARCH_BYTES)
        found = searched.find(MAGIC)
        if found < 0:
            if len(searched) < SEARCH_BYTES:
                return None
            at += len(searched) - len(MAGIC) + 1
            continue
        at += found
        if _begins_record(file, at):
            return at
        at += 1


def _begins_record(file: BinaryIO, at: int) -> bool:
    file.seek(at)
    try:
        content = zlib.decompressobj(GZIP_BITS).decompress(file.read(READ_BYTES), len(RECORD_BEGINS))
    except zlib.error:
        return False
    return content == RECORD_BEGINS
