"""Where archive records begin and end: WARC and ARC records over plain bytes and over gzip members.

Framing is Marsad's own because offsets, torn tails, damage and limits decide what a run covers; what is inside a record
is read by fastwarc (ISO 28500:2017, chapter 4 and annex D for one gzip member a record).

Behind damage reading goes on at the next line that begins a record. All of it is linear in the bytes: a place that only
looks like a record costs its header, the search for the next one goes forward alone.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from tasks.raw.streams import GZIP, READ_BYTES, STEP_BYTES, BrokenRecord, TornRecord, Unit, Window, seek_unit

MAX_HEADER_BYTES = 1024 * 1024
BLANK_LINES = re.compile(rb"(?:\r?\n)*")
# Bytes behind a record that are looked at to see whether another begins there.
LOOKAHEAD_BYTES = 64


@dataclass(frozen=True, slots=True)
class Frame:
    """One record: the offset to seek to, how many records share that offset before it, its head and capped body."""

    offset: int
    skip: int
    head: bytes
    body: bytes
    content_length: int


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch that holds no record: where it begins, counted like a record, and what is wrong there."""

    offset: int
    skip: int
    detail: str


class RecordFormat(Protocol):
    """How the records of a format begin."""

    overlap_bytes: int
    """Bytes that `line` needs to see behind and before a place."""

    @property
    def line(self) -> re.Pattern[bytes]:
        """Matches the newline before a line that begins a record."""

    @property
    def begins(self) -> re.Pattern[bytes]:
        """Matches the beginning of a record."""

    def may_begin(self, window: Window, at: int) -> bool:
        """Whether the bytes held from `at` on begin a record, as far as they go."""

    def head(self, window: Window) -> tuple[int, bytes, int]:
        """Bytes of the head at the window's beginning, the head as that of a WARC record, length of the body.

        Raises TornRecord where the window ends inside the head, BrokenRecord where it is none.
        """


class WarcFormat:
    """WARC 0.17 to 1.1: a version line, named fields, a blank line."""

    overlap_bytes = 16
    line = re.compile(rb"\n(?=WARC/\d)")
    begins = re.compile(rb"\s*WARC/")
    _head_end = re.compile(rb"\n(?:\r?\n|(?=WARC/\d))")

    def may_begin(self, window: Window, at: int) -> bool:
        """Whether the bytes held from `at` on begin a version line, as far as they go."""
        held = bytes(window.buffer[at : at + 5])
        return b"WARC/".startswith(held) or held == b"\r"

    def head(self, window: Window) -> tuple[int, bytes, int]:
        """Bytes of the head, the head, Content-Length. Another version line inside a head breaks it."""
        window.fill(5)
        if not self.may_begin(window, 0):
            raise BrokenRecord("no WARC version line")
        at = 0
        while (end := self._head_end.search(window.buffer, at)) is None:
            at = max(0, len(window.buffer) - 8)
            if at > MAX_HEADER_BYTES:
                raise BrokenRecord(f"a header of more than {MAX_HEADER_BYTES} bytes")
            if window.fill(len(window.buffer) + 1) <= at + 8:
                raise TornRecord("the header does not end")
        if end[0] == b"\n":
            raise BrokenRecord("the header does not end")
        if end.end() > MAX_HEADER_BYTES:
            raise BrokenRecord(f"a header of more than {MAX_HEADER_BYTES} bytes")
        head = bytes(window.buffer[: end.end()])
        return len(head), head, _content_length(head)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            if value.strip().isdigit() and len(value) < 20:
                return int(value)
            break
    raise BrokenRecord("no Content-Length")


class Framing:
    """The records and damaged stretches of one window, in order.

    `counts_bytes`: each record has its own offset (plain files); else all share `offset` and `skip` counts them (one
    gzip member). `is_open`: the bytes may end inside a record that is still being written; TornRecord is raised there.
    """

    def __init__(
        self, window: Window, form: RecordFormat, *, body_limit: int, is_open: bool, member_offset: int | None = None
    ) -> None:
        self._window, self._form = window, form
        self._body_limit, self._is_open = body_limit, is_open
        self._member_offset = member_offset
        self.n_found = 0

    def __iter__(self) -> Iterator[Frame | Damage]:
        """Raises TornRecord where an open window ends inside a record; what came before has been given."""
        window = self._window
        while self._skip_blank_lines() or window.damage is not None:
            offset, skip = self._place()
            try:
                yield self._next_record(offset, skip)
            except BrokenRecord as error:
                # What looks torn is torn by the damage where there is some.
                cause = window.damage if isinstance(error, TornRecord) and window.damage else error
                if isinstance(cause, TornRecord) and self._is_open:
                    raise TornRecord(str(cause), offset, skip=skip) from error
                yield Damage(offset, skip, str(cause))
                self._seek_record()
            self.n_found += 1

    def _place(self) -> tuple[int, int]:
        if self._member_offset is None:
            return self._window.offset, 0
        return self._member_offset, self.n_found

    def _skip_blank_lines(self) -> bool:
        """Whether anything but blank lines is left."""
        window = self._window
        while window.fill(2):
            end = BLANK_LINES.match(window.buffer).end()  # type: ignore[union-attr]  # it matches nothing too
            if not end:
                return True
            window.drop(end)
        return False

    def _next_record(self, offset: int, skip: int) -> Frame:
        """The record at the window's beginning, which is passed over."""
        window = self._window
        if not window.buffer:
            raise TornRecord("the data ends")
        n_head, head, length = self._form.head(window)
        n_held = min(window.fill(n_head + min(length, self._body_limit) + LOOKAHEAD_BYTES) - n_head, length)
        if length > self._body_limit:
            body = bytes(window.buffer[n_head : n_head + self._body_limit])
            if window.skip(n_head + length) < n_head + length:
                raise TornRecord("the body does not end")
            return Frame(offset, skip, head, body, length)
        is_whole_file = self._member_offset is None
        if n_held < length and (window.damage is not None or (is_whole_file and self._is_open)):
            raise TornRecord("the body does not end")
        if n_held < length or not self._is_followed_well(n_head + length):
            # Only here: a whole record may hold a page that tells about archives, or is one.
            if self._form.line.search(window.buffer, n_head, n_head + n_held):
                raise BrokenRecord("the record's length reaches over the next record")
            if n_held < length and is_whole_file:
                raise TornRecord("the body does not end")
            if self._member_offset is not None and not self._ends_well():
                raise BrokenRecord("no record follows in the gzip member")
        # The member ended before the body: its writer got Content-Length wrong, nothing is torn.
        body = bytes(window.buffer[n_head : n_head + n_held])
        window.drop(n_head + n_held)
        return Frame(offset, skip, head, body, n_held)

    def _is_followed_well(self, end: int) -> bool:
        """Whether blank lines, the end or another record follow the body, as far as it can be seen.

        Raises TornRecord where damage that makes the record doubtful follows at once.
        """
        window = self._window
        blank = BLANK_LINES.match(window.buffer, end)
        at = blank.end() if blank else end
        if window.fill(at + 1) > at and self._form.may_begin(window, at):
            return True
        if window.is_doubtful:
            raise TornRecord("the record's end cannot be checked")
        return at >= len(window.buffer)

    def _ends_well(self) -> bool:
        """Whether the gzip member is seen to end soon, unharmed: what follows the record is then its writer's own.

        No further than a step, lest the members behind be passed over.
        """
        window = self._window
        window.fill(len(window.buffer) + STEP_BYTES)
        return window.is_at_end and window.damage is None

    def _seek_record(self) -> None:
        """Move the window to the next line that begins a record, or to the end, also over further damage."""
        window = self._window
        window.drop(1)
        while True:
            found = self._form.line.search(window.buffer)
            if found is not None:
                window.drop(found.end())
                return
            if window.is_at_end:
                if window.damage is None or not window.resume():
                    window.drop(len(window.buffer))
                    return
                window.fill(LOOKAHEAD_BYTES)
                if self._form.begins.match(window.buffer):
                    return
            else:
                window.drop(len(window.buffer) - self._form.overlap_bytes)
                window.fill(len(window.buffer) + READ_BYTES)


def member_frames(packed: Window, form: RecordFormat, *, body_limit: int, is_open: bool) -> Iterator[Frame | Damage]:
    """The records of a gzipped archive from the member at the window's beginning on.

    One member usually holds one record. Behind a broken one reading goes on at the next that inflates to the beginning
    of a record. Raises TornRecord where an open archive ends inside a member.
    """
    while packed.fill(1):
        if not packed.buffer[0]:  # padding
            packed.drop(len(packed.buffer) - len(packed.buffer.lstrip(b"\0")))
            continue
        unit = Unit(packed, GZIP)
        records = Framing(Window(unit), form, body_limit=body_limit, is_open=is_open, member_offset=unit.offset)
        try:
            for found in records:
                unit.lost_at = unit.fed_to if isinstance(found, Damage) else None
                yield found
        except TornRecord as torn:
            # Another member inside the torn one: it was cut short before, and took what follows for its own.
            if not seek_unit(packed, unit, begins=form.begins):
                raise
            yield Damage(torn.offset, torn.skip, str(torn))
            continue
        if unit.end is None and not seek_unit(packed, unit, begins=form.begins):
            return
