"""One date expression -> a moment: ISO and RFC forms, numbers, month names of the press in Latin and Arabic letters."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from tasks.extract.calendar_words import HIJRI_MONTHS, MONTH_NUMBER, fold
from tasks.records.article import Precision

# Arabic-Indic and Persian digits; directional marks and no-break spaces, which stand inside Arabic dates.
DIGITS = str.maketrans(
    {chr(base + value): str(value) for base in (0x660, 0x6F0) for value in range(10)}
    | dict.fromkeys(map(chr, (0xA0, 0x202F, 0x2009)), " ")
    | dict.fromkeys(map(chr, (0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x061C)), "")
)

_MONTH = "|".join(sorted(map(re.escape, MONTH_NUMBER), key=len, reverse=True))
_YEAR = r"(?P<year>(?:1[89]|20)\d\d)"
# A dot parts hour and minute only before am or pm ("5.45pm"): "14.30" alone may be a day.
_TIME = (
    r"(?P<hour>[01]?\d|2[0-3])(?:\s?[:hH]\s?|\.(?=[0-5]\d\s?[ap]\.?m))(?P<minute>[0-5]\d)"
    r"(?::(?P<second>[0-5]\d))?"
)

ISO = re.compile(
    rf"(?<!\d){_YEAR}-(?P<month>0?[1-9]|1[0-2])-(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)"
    r"(?:\s?[Tt ]\s?(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d)(?:[.,]\d{1,9})?)?"
    r"\s?(?P<zone>[Zz]|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d(?!\d))?)?"
)
COMPACT = re.compile(
    rf"^{_YEAR}(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
    r"(?:[T ]?(?P<hour>[01]\d|2[0-3]):?(?P<minute>[0-5]\d)(?::?(?P<second>[0-5]\d))?(?P<zone>Z|[+-]\d\d:?\d\d)?)?$"
)
EPOCH = re.compile(r"^(\d{10})(\d{3})?$")
YEAR_FIRST = re.compile(
    rf"(?<![\d.,/-]){_YEAR}\s?[/.-]\s?(?P<month>0?[1-9]|1[0-2])\s?[/.-]\s?(?P<day>0?[1-9]|[12]\d|3[01])(?!\d)"
)
YEAR_LAST = re.compile(rf"(?<![\d.,/-])(?P<a>\d{{1,2}})\s?[/.-]\s?(?P<b>\d{{1,2}})\s?[/.-]\s?{_YEAR}(?!\d)")
SHORT_YEAR = re.compile(r"(?<![\d.,/-])(?P<a>\d{1,2})[/.](?P<b>\d{1,2})[/.](?P<short>\d\d)(?![\d/.]|\s?ه)")
DAY_MONTH = re.compile(
    rf"(?<![\d.,/-])(?P<day>[0-3]?\d)(?:\s?(?:er|st|nd|rd|th|º|\.))?\s?(?:de\s|of\s|-|,|/)?\s?(?P<name>{_MONTH})(?![^\W\d_])"
    rf"(?:\s?/\s?(?:{_MONTH}))?\.?(?:\s?(?:de|del|,|-|/|سنة|عام))?\s?{_YEAR}(?!\d)"
)
MONTH_DAY = re.compile(rf"(?<![^\W\d_])(?P<name>{_MONTH})\.?\s?(?P<day>[0-3]?\d)(?:st|nd|rd|th)?\s?,?\s{_YEAR}(?!\d)")
MONTH_ONLY = re.compile(rf"(?<![^\W_])(?<!\d\s)(?P<name>{_MONTH})(?![^\W\d_])\.?\s?,?\s?(?:de\s)?{_YEAR}(?!\d)")
TIME = re.compile(rf"(?<![\d:]){_TIME}(?!\d)(?:\s?(?P<half>[ap]\.?m\.?|ص|م|صباحا|مساء)(?![^\W\d_]))?")
HIJRI = re.compile(
    rf"(?:{'|'.join(map(re.escape, HIJRI_MONTHS))})\W{{0,4}}(?:سنة\s|عام\s)?1[34]\d\d"
    r"|\d\s?[/-]\s?1[34]\d\d(?!\d)|1[34]\d\d\s?ه"
)
SPACES = re.compile(r"\s+")

# A date stands in its first characters; longer texts are no date expression.
MAX_CHARS = 200
# How far behind its day the time of day may stand ("le 6 décembre 2023 à 14h30").
TIME_WITHIN_CHARS = 16
TIME_BEFORE_CHARS = 14


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment as written: wall clock, exactness, and its offset from UTC where one is written."""

    wall: datetime
    precision: Precision
    offset: tzinfo | None = None

    def at_utc(self, zone: str | None) -> datetime:
        """The instant in UTC, by the written offset, else `zone`, else UTC; a day or month is its 00:00 UTC."""
        if self.precision in ("day", "month"):
            return self.wall.replace(tzinfo=UTC)
        aware = self.wall.replace(tzinfo=self.offset or zone_of(zone))
        try:
            return aware.astimezone(UTC)
        except OverflowError:  # the first or last day of the calendar
            return self.wall.replace(tzinfo=UTC)


def zone_of(name: str | None) -> tzinfo:
    """The time zone of an IANA name; UTC for None and for what is no zone."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError
        return UTC
    except KeyError:
        return UTC


def _offset(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return timezone(timedelta(minutes=minutes if text[0] == "+" else -minutes)) if minutes < 1440 else None


def _moment(year: int, month: int, day: int, clock: re.Match[str] | None = None) -> Moment | None:
    """A moment of checked parts; midnight sharp without offset is how systems write a day, and counts as one."""
    parts = clock.groupdict() if clock else {}
    hour, minute, second = (int(parts.get(key) or 0) for key in ("hour", "minute", "second"))
    half = (parts.get("half") or "")[:1]
    if half in ("p", "م") and hour < 12:
        hour += 12
    if half in ("a", "ص") and hour == 12:
        hour = 0
    try:
        wall = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    offset = _offset(parts.get("zone"))
    if parts.get("hour") is None or (offset is None and (hour, minute, second) == (0, 0, 0)):
        return Moment(wall.replace(hour=0, minute=0), "day")
    return Moment(wall, "second" if parts.get("second") else "minute", offset)


def _time_behind(text: str, end: int) -> re.Match[str] | None:
    """The time of day that follows a day, if one stands close behind it."""
    return TIME.search(text, end, min(len(text), end + TIME_WITHIN_CHARS + 12))


def _time_beside(text: str, match: re.Match[str]) -> re.Match[str] | None:
    """The time of day close behind a day, else the one right before it ("11:25 PM - 10 Jul 2020")."""
    before = TIME.search(text, max(0, match.start() - TIME_BEFORE_CHARS), match.start())
    is_close = before is not None and not any(char.isalnum() for char in text[before.end() : match.start()])
    return _time_behind(text, match.end()) or (before if is_close else None)


def _numeric(match: re.Match[str], text: str) -> Moment | None:
    """A date in numbers, day first; month first only where the day proves it or an English clock stands behind."""
    first, second = int(match["a"]), int(match["b"])
    groups = match.groupdict()
    year = int(groups.get("year") or 0) or 2000 + int(groups["short"]) - (100 if int(groups["short"]) >= 90 else 0)
    clock = _time_behind(text, match.end())
    month_first = second > 12 or (clock is not None and (clock["half"] or "")[:1] in ("a", "p"))
    day, month = (second, first) if month_first and first <= 12 else (first, second)
    return _moment(year, month, day, clock)


def parse_machine(text: str) -> Moment | None:
    """The moment of a machine-written value: ISO 8601 (also inside a longer one), digits only, epoch, RFC 2822."""
    text = text.strip()[:MAX_CHARS].translate(DIGITS)
    if match := ISO.search(text) or COMPACT.match(text):
        return _moment(int(match["year"]), int(match["month"]), int(match["day"]), match)
    if match := EPOCH.match(text):
        return Moment(datetime.fromtimestamp(int(match[1]), UTC).replace(tzinfo=None), "second", UTC)
    if "," in text[:5] and ":" in text:
        try:
            parsed = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
        return Moment(parsed.replace(tzinfo=None), "second", parsed.tzinfo)
    return None


def parse_visible(text: str) -> Moment | None:
    """The first date a reader sees in a short text; None where there is none or only one of the Islamic calendar.

    Day before month ("06 - 12 - 2023", "13 November 2024", "le 6 décembre 2023 à 14h30", "12 شتنبر 2024"), month before
    day with an English name, year first; Arabic-Indic digits. A month and a year alone have precision month.
    """
    text = fold(SPACES.sub(" ", text[:MAX_CHARS].translate(DIGITS)))
    if not any(char.isdigit() for char in text):
        return None
    for pattern in (DAY_MONTH, MONTH_DAY):
        if match := pattern.search(text):
            clock = _time_beside(text, match)
            return _moment(int(match["year"]), MONTH_NUMBER[match["name"]], int(match["day"]), clock)
    if match := YEAR_FIRST.search(text):
        return _moment(int(match["year"]), int(match["month"]), int(match["day"]), _time_behind(text, match.end()))
    if match := YEAR_LAST.search(text) or SHORT_YEAR.search(text):
        return _numeric(match, text)
    match = None if HIJRI.search(text) else MONTH_ONLY.search(text)
    month = _moment(int(match["year"]), MONTH_NUMBER[match["name"]], 1) if match else None
    return Moment(month.wall, "month") if month else None


def parse_moment(text: str) -> Moment | None:
    """The moment of any date value: as a machine writes it, else as a reader sees it."""
    return parse_machine(text) or parse_visible(text)
