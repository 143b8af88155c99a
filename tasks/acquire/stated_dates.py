"""Dates as feeds and sitemaps state them (RFC 822, ISO 8601 and near misses) -> ISO 8601."""

import re
from datetime import UTC, datetime, timedelta, timezone

MAX_DATE_CHARS = 80
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Hours east of Greenwich. `IST` and `AST` are several zones and left out: such a date keeps its local time.
ZONES: dict[str, float] = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2,
    "met": 1, "mest": 2, "eet": 2, "eest": 3, "msk": 3, "sast": 2, "pkt": 5, "jst": 9, "kst": 9, "hkt": 8, "sgt": 8,
    "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6,
    "pst": -8, "pdt": -7, "brt": -3, "art": -3,
}  # fmt: skip
CLOCK = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?"
RFC822 = re.compile(
    r"(?:[^\W\d]{1,12}\.?,?\s{1,4})?(\d{1,2})[\s-]{1,3}([A-Za-z]{3,9})\.?,?[\s-]{1,3}(\d{4}|\d{2})(?:,?\s{1,4}"
    + CLOCK
    + r")?\s{0,4}(.{0,20})"
)
ISO = re.compile(r"(\d{4})-(\d{1,2})(?:-(\d{1,2})(?:(?:[Tt]|\s{1,4})" + CLOCK + r"\s{0,4}(.{0,20}))?)?")
OFFSET = re.compile(r"(?:gmt|utc|ut)?\s?([+-])(\d{1,2}):?(\d{2})?(?:\s.*)?", re.IGNORECASE)


def _zone(text: str) -> timezone | None:
    """The zone that a date ends with; None where it names none that is known."""
    bare = text.strip(" ()").lower()
    offset = OFFSET.fullmatch(bare)
    if offset:
        minutes = int(offset[2]) * 60 + int(offset[3] or 0)
        return timezone(timedelta(minutes=minutes if offset[1] == "+" else -minutes)) if minutes < 24 * 60 else None
    hours = ZONES.get(bare)
    return None if hours is None else timezone(timedelta(hours=hours))


def _stated(year: int, month: int, day: int, clock: tuple[str | None, ...], zone: str) -> str:
    """ISO 8601: a day where no time is stated, an instant of UTC where a zone is, else a local time without zone."""
    if clock[0] is None:
        return datetime(year, month, day, tzinfo=UTC).date().isoformat()
    hour, minute, second = (int(part or 0) for part in clock)
    # A leap second is no time for Python.
    local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=_zone(zone))
    return local.isoformat() if local.tzinfo is None else local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_date(text: str | None) -> str | None:
    """A stated date in ISO 8601, or its text as it stands where no date can be read from it; None for no text.

    With a zone: UTC, `2026-11-25T10:00:00Z`. A time without a zone that is known keeps its local time without one, for
    the zone of the outlet to be applied; a day stays a day, a month becomes `2026-11`.
    """
    bare = " ".join((text or "").split())[:MAX_DATE_CHARS]
    try:
        if match := ISO.fullmatch(bare):
            if match[3] is None:
                return datetime(int(match[1]), int(match[2]), 1, tzinfo=UTC).strftime("%Y-%m")
            return _stated(int(match[1]), int(match[2]), int(match[3]), match.group(4, 5, 6), match[7] or "")
        match = RFC822.fullmatch(bare)
        if match and match[2][:3].lower() in MONTHS:
            year = int(match[3]) + (0 if len(match[3]) == 4 else 2000 if int(match[3]) < 70 else 1900)
            month = MONTHS.index(match[2][:3].lower()) + 1
            return _stated(year, month, int(match[1]), match.group(4, 5, 6), match[7])
    except (ValueError, OverflowError):  # the 31st of February; year 0
        pass
    return bare or None
