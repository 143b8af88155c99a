"""A page saved as lines, menus and footers included -> headline, date and body, by their structure.

The body is one region: the run of lines in which prose most outweighs the rest (maximum subsequence segmentation, as
Pasternack and Roth 2009 find articles in HTML). A line is prose by its function words (jusText's lists) or as a sentence.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from justext import get_stoplist

from tasks.extract.bylines import NAME
from tasks.extract.calendar_words import MONTH_NUMBER, fold
from tasks.extract.chrome_words import (
    BYLINE,
    CHROME,
    CONTROL,
    DOMAIN_NAME,
    HEADING_OF_OTHERS,
    MAX_CHROME_CHARS,
    ORIGIN,
    SECTION,
    TAIL,
)
from tasks.extract.dates import DateContext, says_published
from tasks.extract.lines import paragraphs
from tasks.extract.mojibake import mend
from tasks.extract.moments import parse_visible
from tasks.extract.people import people
from tasks.extract.titles import fold_words
from tasks.extract.trimming import is_of_page
from tasks.extract.urls import canonical_url
from tasks.records.article import Article, DatedBy

EXTRACTOR = "text-lines-1"

# Menus saved as one line: headlines held apart by runs of spaces.
RUN = re.compile(r"[^\S\n]{3,}")
MIN_RUN_SEGMENTS = 4
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
SENTENCE_END = re.compile(r"[.!?…؟。」:;؛»”\"'’)\]]\s*$")
ITEM = re.compile(r"(?:https?://|www\.|[-–—•*·▪►‣]|\(?[0-9a-z]{1,3}[.)])\s?\S|\d{1,2}(?:-\d{1,2})?\s\S")
DIGIT = re.compile(r"\d")
# "Jean on 3 May at 6:34 said:" heads what a reader says.
COMMENTATOR = re.compile(
    r".{2,60}\s(?:says?|said|wrote|a (?:dit|écrit)|dit|dice|dijo|sagt|schreibt|schrieb|scrive|disse|diz|يقول|قال|كتب)\s?:$",
    re.IGNORECASE,
)

# A line of fewer characters is prose only as a sentence, a longer one by its share of function words (jusText).
SHORT_CHARS = 70
MIN_DENSITY = 0.30
# Where the language is unknown, a line of more characters is prose whatever its end.
LONG_CHARS = 200
MIN_SENTENCE_WORDS = 5
# "Words" of more characters than this are Chinese or Japanese sentences.
MAX_WORD_CHARS = 18
MIN_WRAPPED_CHARS = 40
COMMAS = ",،、，"
# A page has an article before it has comments.
MIN_BODY_CHARS = 300
MAX_TAIL_CHARS = 140
MAX_HEADING_CHARS = 80
# What lines that are no prose cost the region that has them, in characters of prose; an item of a list adds a little.
TAIL_COST = 360
CHROME_COST = 120
REPEAT_COST = 71
HEADLINE_COST = 48
SHORT_COST = 36
ITEM_WORTH = 24
MIN_ITEM_WORDS = 4
MIN_LISTED_WORDS = 8
# The word lists tried: the languages of most of the press.
STOPLISTS = (
    "Arabic", "French", "English", "Spanish", "German", "Italian", "Portuguese", "Dutch", "Turkish", "Persian",
    "Russian", "Polish", "Swedish", "Danish", "Greek", "Finnish", "Czech", "Hungarian", "Romanian",
)  # fmt: skip
SAMPLED_WORDS = 4_000
# Below this share of function words the language is none of the lists', and length and full stops decide.
KNOWN_LANGUAGE = 0.15

MIN_TITLE_WORDS = 3
MIN_TITLE_CHARS = 12
MAX_TITLE_CHARS = 250
# Lines above the body in which a headline may stand, captions, bylines and dates between not counted.
TITLE_WITHIN_LINES = 3
MAX_DATE_LINE_CHARS = 120
MAX_BYLINE_WORDS = 5
DATE_PARTS = re.compile(r"\s[|–—·•-]\s")
# What opens names of places of several words: "New York | 3 May" names no author.
PLACE_OPENING = re.compile(
    r"(?:new|north|south|east|west|san|santa|sao|saint|sainte|st|tel|port|los|las|el|bab|beni|ras|ain|sidi|khan|"
    r"رأس|بني|عين|تل|مدينة|ولاية|جبل|سيدي|نيو|سان|بور|وادي|واد|دار|الدار|شرم|خان|باب|بيت|أم|كفر|دير|حي)\s",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Line:
    """One line and what is made of it."""

    text: str
    in_run: bool = False
    is_body: bool = False


@lru_cache(maxsize=1)
def stoplists() -> dict[str, frozenset[str]]:
    """The function words of each language tried, lower case."""
    return {name: frozenset(word.lower() for word in get_stoplist(name)) for name in STOPLISTS}


def split_lines(text: str) -> list[Line]:
    """The lines of a page; a line of many headlines held apart by runs of spaces becomes that many menu lines."""
    lines: list[Line] = []
    for raw in text.splitlines():
        segments = [segment for segment in RUN.split(raw.strip()) if segment.strip()]
        if len(segments) >= MIN_RUN_SEGMENTS:
            lines += [Line(line, in_run=True) for segment in segments for line in paragraphs(segment)]
        else:
            lines += [Line(line) for line in paragraphs(raw)]
    return lines


def _words(text: str) -> list[str]:
    return [word for match in WORD.findall(text.lower()) for word in re.split("['’]", match) if word]


def function_words(lines: list[Line]) -> frozenset[str] | None:
    """The function words of the page's language; None when no list fits."""
    words: list[str] = []
    for line in sorted(lines, key=lambda line: -len(line.text))[:40]:
        words += _words(line.text)
        if len(words) > SAMPLED_WORDS:
            break
    if not words:
        return None
    shares = {name: sum(word in stoplist for word in words) / len(words) for name, stoplist in stoplists().items()}
    best = max(shares, key=lambda name: shares[name])
    return stoplists()[best] if shares[best] >= KNOWN_LANGUAGE else None


def _is_chrome(text: str) -> bool:
    return CONTROL.match(text) is not None or (len(text) <= MAX_CHROME_CHARS and CHROME.search(text) is not None)


def _is_date_line(text: str) -> bool:
    """Whether a line is a date with at most a few words about it, and no sentence."""
    return len(text) <= MAX_DATE_LINE_CHARS and not SENTENCE_END.search(text) and parse_visible(text) is not None


def _is_byline(text: str) -> bool:
    return (
        len(text) <= MAX_DATE_LINE_CHARS and BYLINE.match(text) is not None and not text.endswith((".", ",", ":", "،"))
    )


def is_about(line: Line) -> bool:
    """Whether a line speaks about the article as the lines around a headline do: date, byline, section."""
    text = line.text
    return not line.in_run and (_is_byline(text) or SECTION.match(text) is not None or _is_date_line(text))


def _is_prose(text: str, stoplist: frozenset[str] | None) -> bool:
    """Whether a line is of a text that one reads: by its function words where it is long enough, else a sentence."""
    is_sentence = SENTENCE_END.search(text) is not None
    if len(text) < SHORT_CHARS:
        return is_sentence and (len(text.split()) >= MIN_SENTENCE_WORDS or len(text) > MAX_WORD_CHARS * len(text.split()))
    if stoplist is None:
        return is_sentence or len(text) > LONG_CHARS
    words = _words(text)
    return sum(word in stoplist for word in words) >= MIN_DENSITY * max(len(words), 1)


def _is_wrapped(text: str, following: str) -> bool:
    """Whether a line breaks off within a sentence that the following line continues: text wrapped at a width."""
    return text[-1] in COMMAS or (
        len(text) >= MIN_WRAPPED_CHARS and not SENTENCE_END.search(text) and following[:1].islower()
    )


def _is_tail(text: str) -> bool:
    """Whether a line heads what no longer is the article: other articles, or a form for comments."""
    return (len(text) < MAX_TAIL_CHARS and TAIL.match(text) is not None) or (
        len(text) < MAX_HEADING_CHARS and HEADING_OF_OTHERS.match(text) is not None
    )


def _opens_comments(text: str, following: str) -> bool:
    """Whether a line says that a reader speaks, and it or the following line when."""
    if len(text) > MAX_HEADING_CHARS or not COMMENTATOR.match(text):
        return False
    return DIGIT.search(text) is not None or _is_date_line(following)


def _worth(line: Line, following: str, stoplist: frozenset[str] | None) -> float:
    """What a line, by itself, says for a region that has it: the characters of prose it adds, or those it costs."""
    text = line.text
    if _is_tail(text):
        return -TAIL_COST
    if line.in_run or _is_chrome(text) or is_of_page(text) or is_about(line):
        return -CHROME_COST
    if _is_prose(text, stoplist) or _is_wrapped(text, following):
        return len(text)
    n_words = len(text.split())
    if len(text) >= SHORT_CHARS and n_words >= MIN_LISTED_WORDS and SENTENCE_END.search(text):
        return len(text) / 2
    if ITEM.match(text) and (n_words >= MIN_ITEM_WORDS or n_words == 1):
        return ITEM_WORTH
    return -HEADLINE_COST if n_words >= MIN_SENTENCE_WORDS else -SHORT_COST


def _worths(lines: list[Line]) -> list[float]:
    """What each line up to the first comment is worth; a line that comes again is the page's.
    """
    stoplist = function_words(lines)
    folded = [fold_words(line.text) or line.text for line in lines]
    seen, n_prose = set[str](), 0.0
    worths: list[float] = []
    for line, following, key in zip(lines, [*lines[1:], Line("")], folded, strict=True):
        if n_prose >= MIN_BODY_CHARS and _opens_comments(line.text, following.text):
            break
        worth = _worth(line, following.text, stoplist)
        if key in seen and worth > -CHROME_COST:
            worth = -REPEAT_COST
        seen.add(key)
        worths.append(worth)
        n_prose += max(worth, 0)
    return worths


def _region(worths: list[float]) -> tuple[int, int]:
    """Where the body begins and ends: the run of lines of the highest worth together.

    Maximum subsequence segmentation, as Pasternack and Roth (2009) find articles in HTML.
    """
    best, region, total, start = 0.0, (0, 0), 0.0, 0
    for index, worth in enumerate(worths):
        if total <= 0:
            total, start = 0.0, index
        total += worth
        if total > best:
            best, region = total, (start, index + 1)
    return region


def label_lines(text: str) -> list[Line]:
    """The lines of a page, those of the body marked: all of its region but lines that are plainly the page's."""
    lines = split_lines(text)
    worths = _worths(lines)
    start, end = _region(worths)
    for line, worth in zip(lines[start:end], worths[start:end], strict=True):
        line.is_body = worth > -CHROME_COST and (worth != -REPEAT_COST or len(line.text) < SHORT_CHARS)
    return lines


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
    if line.in_run or is_about(line) or _is_chrome(text) or TAIL.match(text):
        return False
    if not MIN_TITLE_CHARS <= len(text) <= MAX_TITLE_CHARS or len(text.split()) < MIN_TITLE_WORDS:
        return False
    return text[-1] not in ".:,;،؛" or fold_words(text) in repeated


def _repeated(lines: list[Line]) -> frozenset[str]:
    """The lines, folded, that a page shows twice up to the end of its body: lists of other headlines follow there."""
    end = max((index for index, line in enumerate(lines) if line.is_body), default=len(lines)) + 1
    counts = Counter(fold_words(line.text) for line in lines[:end])
    return frozenset(text for text, count in counts.items() if count > 1)


def find_head(lines: list[Line]) -> Head:
    """The headline and the lines about it: those right above the body, up to the first that is neither.

    A page whose body has no line like a headline above it has none; a menu, a notice or a control ends the search, so a
    masthead's date is not reached.
    """
    first = next((index for index, line in enumerate(lines) if line.is_body), len(lines))
    repeated = _repeated(lines)
    start = first
    while (
        start < len(lines)
        and start - first < TITLE_WITHIN_LINES
        and (is_about(lines[start]) or _opens_as_headline(lines, start, repeated))
    ):
        start += 1
    titles: list[str] = []
    about: list[Line] = []
    top = start
    while top > max(start - 12, 0):
        line = lines[top - 1]
        if is_about(line):
            about.insert(0, line)
        elif _is_headline(line, repeated) and len(titles) < TITLE_WITHIN_LINES:
            titles.insert(0, line.text)
        else:
            break
        top -= 1
    title = _best_headline(titles, repeated)
    texts = [line.text for line in lines[top:start]]
    under = texts[texts.index(title) :] if title in texts else []
    shown = [line.text for line in about]
    return Head(title, tuple(shown), tuple(text for text in shown if text in under), start)


def _opens_as_headline(lines: list[Line], index: int, repeated: frozenset[str]) -> bool:
    """Whether a line labelled as body is the headline all the same: the page repeats it, or a line about it follows."""
    line = lines[index]
    if not _is_headline(line, repeated) or index + 1 >= len(lines):
        return False
    follower = lines[index + 1]
    return (
        fold_words(line.text) in repeated
        or is_about(follower)
        or (len(follower.text) > LONG_CHARS and not SENTENCE_END.search(line.text))
    )


def _best_headline(titles: list[str], repeated: frozenset[str]) -> str | None:
    """The headline among the lines that may be: one that the page repeats, else the one next to the body."""
    for title in titles:
        if fold_words(title) in repeated:
            return title
    if len(titles) > 1 and len(titles[-1]) > 1.5 * len(titles[-2]) > 45:
        return titles[-2]  # a standfirst stands between
    return titles[-1] if titles else None


def find_date(lines: list[Line], head: Head, context: DateContext) -> DatedBy | None:
    """The publication date: of a line about the headline, else of a line anywhere above the body that says "published".

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
    return None


def _find_sitename(head: Head) -> str | None:
    for text in head.about:
        match = ORIGIN.match(text)
        if match and fold(match["outlet"]) not in MONTH_NUMBER:
            return match["outlet"].strip()
    names = [match[1] for text in head.about if (match := DOMAIN_NAME.search(text))]
    return names[0] if names else None


def _find_section(head: Head) -> str | None:
    matches = [
        match["section"].strip()
        for text in head.about
        if parse_visible(text) is None and (match := SECTION.match(text))
    ]
    return matches[0] if matches else None


def _find_authors(head: Head) -> tuple[str, ...]:
    """The people of a byline that holds little else than names, or of the line that bears name and date."""
    for text in head.about:
        rest = BYLINE.sub("", text)
        if _is_byline(text) and len(rest.split()) <= MAX_BYLINE_WORDS and parse_visible(text) is None:
            return people([rest])
    for text in head.under:
        if parse_visible(text) is not None and (found := _people_beside_date(text)):
            return found
    return ()


def _people_beside_date(text: str) -> tuple[str, ...]:
    """The people of the part that opens a date line ("Karim Sayegh - 3 May 2024"); a lone word is its dateline."""
    first, parted, rest = text.partition(next(iter(DATE_PARTS.findall(text)), "|"))
    name = BYLINE.sub("", first.strip())
    is_name = parted and NAME.fullmatch(name) and 1 < len(name.split()) <= MAX_BYLINE_WORDS
    if not is_name or PLACE_OPENING.match(name) or parse_visible(first) is not None or parse_visible(rest) is None:
        return ()
    return people([name])


def body_lines(lines: list[Line], head: Head) -> list[str]:
    """The headline, once, and the good lines below it: readers, and the gold texts measured against, begin with it."""
    title = fold_words(head.title)
    body = [
        line.text
        for line in lines[head.body_start :]
        if line.is_body and (not title or fold_words(line.text) != title)
    ]
    return [head.title, *body] if head.title and body else body


def extract_text(text: str, *, url: str | None, context: DateContext) -> Article | None:
    """What a page saved as text says, or None when no body is found in it."""
    lines = label_lines(mend(text))
    head = find_head(lines)
    body = body_lines(lines, head)
    if not body:
        return None
    return Article(
        text="\n".join(body),
        extractor=EXTRACTOR,
        title=head.title,
        section=_find_section(head),
        sitename=_find_sitename(head),
        authors=_find_authors(head),
        published=find_date(lines, head, context),
        canonical_url=canonical_url(url, None),
    )
