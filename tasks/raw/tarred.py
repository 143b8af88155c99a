"""The members of a tar file, plain or packed. The standard library reads a header block; no member is ever extracted.

Its own reader is not used: it takes the lengths of long names and pax headers on trust, however many bytes they claim.
"""

import re
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from tasks.raw.members import Member
from tasks.raw.streams import Bounded, BytesSource, OpenFile, Source, Unpacked, Window, codec_of

BLOCK_BYTES = 512
MAX_LONG_HEADER_BYTES = 1024 * 1024
USTAR = slice(257, 262)
PAX_LENGTH = re.compile(rb"(\d{1,9}) ")
KINDS = {tarfile.LNKTYPE: "a hard link", tarfile.SYMTYPE: "a symbolic link", tarfile.GNUTYPE_SPARSE: "a sparse file"}
PASSED_OVER = (tarfile.DIRTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK, tarfile.SOLARIS_XHDTYPE)


def unpacked(file: OpenFile, name: str) -> Window:
    """The blocks of a tar as one stream."""
    codec = codec_of(name)
    return Window(Unpacked(file.source(), codec) if codec else file.source())


def reader(file: OpenFile, name: str) -> Callable[[Member], Source]:
    """What gives the bytes of a member; in the order of members where the tar is packed."""
    if codec_of(name) is None:
        return lambda member: Bounded(Window(file.source(member.offset), offset=member.offset), member.size_bytes)
    window = unpacked(file, name)

    def forward(member: Member) -> Source:
        window.skip(member.offset - window.offset)
        return Bounded(window, member.size_bytes)

    return forward


def members(file: OpenFile, name: str) -> Iterator[tuple[Member, Callable[[], Source]]]:
    """The members in order, each with what gives its bytes; a stretch that is no member has no name.

    Behind such a stretch reading goes on at the next block that is a header. A block of zeros ends a tar.
    """
    window = unpacked(file, name)
    stated: dict[str, str] = {}
    while window.fill(BLOCK_BYTES) or window.damage:
        block = bytes(window.buffer[:BLOCK_BYTES])
        if block and not any(block):
            return
        header = _header(block)
        if header is None:
            wrong = str(window.damage or "no tar header where one is due")
            yield Member(name="", offset=window.offset, size_bytes=0, changed_at=None, wrong=wrong), _nothing
            if not _seek_header(window):
                return
            continue
        window.drop(BLOCK_BYTES)
        begin, n_bytes = window.offset, header.size
        if header.type in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
            stated |= _long_header(window, header)
        else:
            member = _member(header, stated, begin)
            stated = {}
            if member is not None:
                n_bytes = n_bytes if member.wrong else member.size_bytes
                yield member, lambda member=member: Bounded(window, member.size_bytes)  # type: ignore[misc]
            elif header.type == tarfile.DIRTYPE:
                n_bytes = 0
        window.skip(begin + -(-n_bytes // BLOCK_BYTES) * BLOCK_BYTES - window.offset)


def _nothing() -> Source:
    return BytesSource(b"")


def _header(block: bytes) -> tarfile.TarInfo | None:
    """A header block, None for what is none."""
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return None
    return header if header.size >= 0 else None


def _seek_header(window: Window) -> bool:
    """Whether another header follows; the window then begins there."""
    window.drop(BLOCK_BYTES)
    while window.fill(BLOCK_BYTES) >= BLOCK_BYTES:
        block = bytes(window.buffer[:BLOCK_BYTES])
        if block[USTAR] == b"ustar" and _header(block):
            return True
        window.drop(BLOCK_BYTES)
    return False


def _long_header(window: Window, header: tarfile.TarInfo) -> dict[str, str]:
    """What a GNU long name or a pax header states of the member behind it; nothing where it is overlong."""
    if header.size > MAX_LONG_HEADER_BYTES or window.fill(header.size) < header.size:
        return {}
    content = bytes(window.buffer[: header.size])
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": content.rstrip(b"\0").decode("utf-8", "surrogateescape")}
    stated, at = {}, 0
    while found := PAX_LENGTH.match(content, at):
        n_bytes = int(found[1])
        key, _, value = content[found.end() : at + n_bytes].rstrip(b"\n").partition(b"=")
        stated[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        if at + n_bytes <= found.end():
            break
        at += n_bytes
    return stated


def _member(header: tarfile.TarInfo, stated: dict[str, str], begin: int) -> Member | None:
    """The member of a header; None for folders and for headers about others."""
    if header.type in PASSED_OVER:
        return None
    wrong = None if header.type in tarfile.REGULAR_TYPES else KINDS.get(header.type, "a device or pipe")
    size = stated.get("size", "")
    try:
        changed_at = datetime.fromtimestamp(float(stated.get("mtime", header.mtime)), UTC)
    except (ValueError, OverflowError, OSError):
        changed_at = None
    return Member(
        name=stated.get("path", header.name),
        offset=begin,
        size_bytes=int(size) if size.isdecimal() and len(size) < 19 else header.size,
        changed_at=changed_at,
        wrong=wrong and f"the tar member is {wrong}, no file",
    )
