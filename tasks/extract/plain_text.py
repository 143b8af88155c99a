"""A page saved as lines, menus and footers included -> headline, date and body, by their structure."""

import re
from collections import Counter
from dataclasses import dataclass

from tasks.extract.bylines import NAME
from tasks.extract.calendar_words import MONTH_NUMBER, fold
from tasks.extract.chrome_words import BYLINE, CAPTION, CREDIT, DOMAIN_NAME, ORIGIN, SECTION, TAIL
from tasks.extract.dates import DateContext, from_feed, says_published
from tasks.extract.line_region import (
    MAX_DATE_LINE_CHARS,
    Line,
    find_body,
    is_about,
    is_byline,
    is_chrome,
    is_date_line,
)
from tasks.extract.mojibake import mend
from tasks.extract.moments import parse_visible
from tasks.extract.people import people
from tasks.extract.sections import own_names, section_in
from tasks.extract.titles import fold_words
from tasks.extract.urls import canonical_url
from tasks.records.article import Article, DatedBy

EXTRACTOR = "text-lines-2"

MIN_TITLE_WORDS = 3
MIN_TITLE_CHARS = 12
MAX_TITLE_CHARS = 250
# A headline that is a sentence has no more characters; a paragraph that is shown twice has.
MAX_SENTENCE_CHARS = 160
# Lines above the body in which a headline may stand, captions, bylines and dates between not counted.
TITLE_WITHIN_LINES = 3
STOPS = (".", "!", "?", "…", "؟", "。", '"', "”", "»")
HEAD_LINES = 12
# Lines above the body among which one is its headline by its words; words of fewer characters say nothing.
TITLE_WITHIN_WORDS_LINES = 30
MIN_WORD_CHARS = 4
MIN_SAID_WORDS = 3
MAX_BYLINE_WORDS = 5
DATE_PARTS = re.compile(r"\s[|–—·•-]\s")
# What parts a name that "by" leads in from the date behind it.
DATE_LEAD = re.compile(r"\s?[|–—·•,،-]\s|\s(?:le|on|el|am|il|du|يوم|بتاريخ|في)(?=\s(?:[^\W\d]{1,12}[.,]?\s)?\d)")
# "Published on 3 May 2024 by Karim Sayegh"
BYLINE_BEHIND = re.compile(r"\d\W{0,3}\s(?:by|par|por|von|بقلم)\s(?P<name>[^\d|,]{3,60})$", re.IGNORECASE)
# What opens names of places of several words: "New York | 3 May" names no author.
PLACE_OPENING = re.compile(
    r"(?:new|north|south|east|west|san|santa|sao|saint|sainte|st|tel|port|los|las|el|bab|beni|ras|ain|sidi|khan|"
    r"رأس|بني|عين|تل|مدينة|ولاية|جبل|سيدي|نيو|سان|بور|وادي|واد|دار|الدار|شرم|خان|باب|بيت|أم|كفر|دير|حي)\s",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Head:
    """The lines above the body that belong to it: the headline, and those about it (date, byline, section).

    `under` are those of `about` that stand below the headline: a masthead's are not among them.
    """

    title: str | None
    about: tuple[str, ...]
    under: tuple[str, ...]
    body_start: int


def _is_headline(line: Line, repeated: frozenset[str]) -> bool:
    """Whether a line may be the headline: a few words and no sentence, or a sentence that the page repeats."""
    text = line.text
    if line.in_run or is_about(line) or is_chrome(text) or TAIL.match(text) or CAPTION.search(text):
        return False
    if not MIN_TITLE_CHARS <= len(text) <= MAX_TITLE_CHARS or len(text.split()) < MIN_TITLE_WORDS:
        return False
    return text[-1] not in ".:,;،؛" or (len(text) <= MAX_SENTENCE_CHARS and fold_words(text) in repeated)


def _repeated(lines: list[Line]) -> frozenset[str]:
    """The lines, folded, that a page shows twice up to the end of its body: lists of other headlines follow there."""
    end = max((index for index, line in enumerate(lines) if line.is_body), default=len(lines)) + 1
    counts = Counter(fold_words(line.text) for line in lines[:end])
    return frozenset(text for text, count in counts.items() if count > 1)


def find_head(lines: list[Line]) -> Head:
    """The headline and the lines about it, above the body.

    The headline is the line that shares its words with the body; else one of those right above the body, up to the
    first that is neither headline nor about one: a menu, a notice or a control ends it, so a masthead's date is not
    reached. A page that has neither has no headline.
    """
    repeated = _repeated(lines)
    start = _body_start(lines, repeated)
    top, titles = start, list[int]()
    while top > max(start - HEAD_LINES, 0):
        if not is_about(lines[top - 1]):
            if _is_headline(lines[top - 1], repeated) and len(titles) < TITLE_WITHIN_LINES:
                titles.insert(0, top - 1)
            elif not _is_name_beside_date(lines, top - 1):
                break
        top -= 1
    at = _headline_by_words(lines, start, repeated)
    if at is None:
        at = _best_headline(lines, titles, repeated)
    about = [index for index in range(top if at is None else min(top, at), start) if is_about(lines[index])]
    return Head(
        title=None if at is None else lines[at].text,
        about=tuple(lines[index].text for index in about),
        under=tuple(lines[index].text for index in about if at is not None and index > at),
        body_start=start,
    )


def _body_start(lines: list[Line], repeated: frozenset[str]) -> int:
    """Index of the first line of the body that is neither its headline nor about it."""
    first = next((index for index, line in enumerate(lines) if line.is_body), len(lines))
    start = first
    while (
        start < len(lines)
        and start - first < TITLE_WITHIN_LINES
        and (is_about(lines[start]) or _opens_as_headline(lines, start, repeated))
    ):
        start += 1
    return start


def _headline_by_words(lines: list[Line], start: int, repeated: frozenset[str]) -> int | None:
    """Index of the line above the body that most of all says in a few words what the body says."""
    said = {word for line in lines[start:] if line.is_body for word in fold_words(line.text).split()}
    best, best_score = None, float("-inf")
    for index in range(max(start - TITLE_WITHIN_WORDS_LINES, 0), start):
        if not _is_headline(lines[index], repeated):
            continue
        words = {word for word in fold_words(lines[index].text).split() if len(word) >= MIN_WORD_CHARS}
        n_said = len(words & said)
        score = n_said - 2 * (len(words) - n_said)
        if n_said >= MIN_SAID_WORDS and 2 * n_said > len(words) and score > best_score:
            best, best_score = index, score
    return best


def _is_name_beside_date(lines: list[Line], index: int) -> bool:
    """Whether a line is a name and no more, above or below a date: it may be a section's, so it names no author."""
    text = lines[index].text
    is_name = len(text.split()) <= MAX_BYLINE_WORDS and NAME.fullmatch(text) and not is_chrome(text)
    return bool(is_name) and any(is_date_line(line.text) for line in lines[max(index - 1, 0) : index + 2])


def _opens_as_headline(lines: list[Line], index: int, repeated: frozenset[str]) -> bool:
    """Whether a line of the body is the headline: it comes again, or a line about it or a longer sentence follows."""
    line = lines[index]
    if not _is_headline(line, repeated) or index + 1 >= len(lines):
        return False
    follower = lines[index + 1]
    return (
        fold_words(line.text) in repeated
        or is_about(follower)
        or (len(follower.text) > len(line.text) and follower.text.endswith(STOPS) and not line.text.endswith(STOPS))
    )


def _best_headline(lines: list[Line], titles: list[int], repeated: frozenset[str]) -> int | None:
    """The headline among the lines that may be: one that the page repeats, else the one next to the body."""
    for index in titles:
        if fold_words(lines[index].text) in repeated:
            return index
    if len(titles) > 1:
        above, below = (len(lines[index].text) for index in titles[-2:])
        if below > 1.5 * above > 45:
            return titles[-2]  # a standfirst stands between
    return titles[-1] if titles else None


def find_date(lines: list[Line], head: Head, context: DateContext) -> DatedBy | None:
    """The publication date: of a line about the headline, else of a line anywhere above the body that says "published".

    Where no line speaks, it is what the feed said.
    A line that the page repeats is a masthead's, and so is a bare date that is the day of the fetch, unless it stands
    under the headline.
    """
    repeated = _repeated(lines)
    above = [
        line.text for line in lines[: head.body_start] if not line.in_run and len(line.text) <= MAX_DATE_LINE_CHARS
    ]
    stated = [text for text in above if says_published(text)]
    for text in dict.fromkeys([*filter(says_published, head.about), *head.under, *head.about, *stated[:20]]):
        moment = parse_visible(text)
        if moment is None or fold_words(text) in repeated:
            continue
        at = moment.at_utc(context.zone)
        is_line = text in head.under or says_published(text)
        if context.accepts(at, structured=False) and (is_line or not context.is_fetch_day(at)):
            return DatedBy(at=at, precision=moment.precision, source="text")
    return from_feed(context)


def _find_sitename(head: Head) -> str | None:
    for text in head.about:
        match = ORIGIN.match(text)
        if match and fold(match["outlet"]) not in MONTH_NUMBER:
            return match["outlet"].strip()
    names = [match[1] for text in head.about if (match := DOMAIN_NAME.search(text))]
    return names[0] if names else None


def _find_section(head: Head, *, own: frozenset[str]) -> str | None:
    stated = [match["section"] for text in head.about if parse_visible(text) is None and (match := SECTION.match(text))]
    return next((section for value in stated if (section := section_in(value, own=own))), None)


def _find_authors(head: Head) -> tuple[str, ...]:
    """The people of a byline that holds little else than names, or of the line that bears name and date."""
    for text in head.about:
        rest = BYLINE.sub("", text)
        is_named = is_byline(text) and not CREDIT.match(text) and len(rest.split()) <= MAX_BYLINE_WORDS
        if is_named and parse_visible(text) is None:
            return people([rest])
    for text in head.about:
        if parse_visible(text) is not None and (found := _people_beside_date(text, under=text in head.under)):
            return found
    return ()


def _people_beside_date(text: str, *, under: bool) -> tuple[str, ...]:
    """The people that a date line names: behind "by", or in the part that opens it ("Karim Sayegh - 3 May 2024").

    A lone word is the dateline of a place; a name that no word leads in counts under the headline only, before a bar.
    """
    if behind := BYLINE_BEHIND.search(text):
        return _people_named(behind["name"])
    if is_byline(text):
        return _people_named(DATE_LEAD.split(BYLINE.sub("", text), maxsplit=1)[0])
    first, *rest = DATE_PARTS.split(text, maxsplit=1)
    return _people_named(first) if under and rest and parse_visible(rest[0]) and not PLACE_OPENING.match(first) else ()


def _people_named(name: str) -> tuple[str, ...]:
    is_name = NAME.fullmatch(name.strip()) and 1 < len(name.split()) <= MAX_BYLINE_WORDS and parse_visible(name) is None
    return people([name]) if is_name else ()


def body_lines(lines: list[Line], head: Head) -> list[str]:
    """The headline, once, and the good lines below it: readers, and the gold texts measured against, begin with it."""
    title = fold_words(head.title)
    body = [
        line.text for line in lines[head.body_start :] if line.is_body and (not title or fold_words(line.text) != title)
    ]
    return [head.title, *body] if head.title and body else body


def extract_text(text: str, *, url: str | None, context: DateContext) -> Article | None:
    """What a page saved as text says, or None when no body is found in it."""
    lines = find_body(mend(text))
    head = find_head(lines)
    body = body_lines(lines, head)
    if not body:
        return None
    sitename = _find_sitename(head)
    return Article(
        text="\n".join(body),
        extractor=EXTRACTOR,
        title=head.title,
        section=_find_section(head, own=own_names(title=head.title, sitename=sitename, url=url)),
        sitename=sitename,
        authors=_find_authors(head),
        published=find_date(lines, head, context),
        canonical_url=canonical_url(url, None),
    )
