"""One member of a zip or tar."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member's name as the archive states it, its time read as UTC, and where its bytes lie.

    `size_bytes`: unpacked. `wrong` says why it holds no bytes that can be read. `method`, `packed_bytes` and `crc` are
    a zip's.
    """

    name: str
    offset: int
    size_bytes: int
    changed_at: datetime | None
    wrong: str | None = None
    method: int = 0
    packed_bytes: int = 0
    crc: int = 0
