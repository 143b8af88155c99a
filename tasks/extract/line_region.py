"""A page saved as lines -> which of them are its article's body.

The body is one region: the run of lines in which prose most outweighs the rest (maximum subsequence segmentation, as
Pasternack and Roth 2009 find articles in HTML). A line is prose by its share of function words (jusText's lists) or as
a sentence, so a language without a list has its body found by structure alone.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from justext import get_stoplist

from tasks.extract.chrome_words import (
    BYLINE,
    CAPTION,
    CHROME,
    COMMENTATOR,
    CONTROL,
    HEADING_OF_OTHERS,
    MAX_CHROME_CHARS,
    SECTION,
    TAIL,
)
from tasks.extract.lines import paragraphs
from tasks.extract.moments import parse_visible
from tasks.extract.titles import fold_words
from tasks.extract.trimming import is_of_page

# Menus saved as one line: headlines held apart by runs of spaces.
RUN = re.compile(r"[^\S\n]{3,}")
MIN_RUN_SEGMENTS = 4
WORD = re.compile(r"[^\W\d_]+")
SENTENCE_END = re.compile(r"[.!?…؟。」:;؛»”\"'’)\]]$")
ITEM = re.compile(r"(?:https?://|www\.|[-–—•*·▪►‣]|\(?[0-9a-z]{1,3}[.)])\s?\S|\d{1,2}(?:-\d{1,2})?\s\S")
NAMED_BEHIND = re.compile(r":\s?\S{1,40}\s\S")
DIGIT = re.compile(r"\d")

# A line of fewer characters is prose only as a sentence, a longer one by its share of function words (jusText).
SHORT_CHARS = 70
MIN_DENSITY = 0.30
MIN_SENTENCE_WORDS = 5
# "Words" of more characters than this are Chinese or Japanese sentences.
MAX_WORD_CHARS = 18
MIN_WRAPPED_CHARS = 40
COMMAS = ",،、，"
# A page has an article before it has comments.
MIN_BODY_CHARS = 300
MAX_HEADING_CHARS = 80
# What lines that are no prose cost the region that has them, in characters of prose; an item of a list adds a little.
TAIL_COST = 300
CHROME_COST = 120
REPEAT_COST = 80
OTHER_COST = 45
ITEM_WORTH = 20
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
MAX_DATE_LINE_CHARS = 120


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


def function_words(lines: list[Line]) -> frozenset[str] | None:
    """The function words of the page's language; None when no list fits."""
    words: Counter[str] = Counter()
    for line in sorted(lines, key=lambda line: -len(line.text))[:40]:
        words.update(WORD.findall(line.text.lower()))
        if words.total() > SAMPLED_WORDS:
            break
    counts = {name: sum(words[word] for word in words.keys() & stoplist) for name, stoplist in stoplists().items()}
    best = max(counts, key=lambda name: counts[name])
    return stoplists()[best] if counts[best] and counts[best] >= KNOWN_LANGUAGE * words.total() else None


def is_chrome(text: str) -> bool:
    """Whether a line is a control, a notice or a label of the page."""
    return CONTROL.match(text) is not None or (len(text) <= MAX_CHROME_CHARS and CHROME.search(text) is not None)


def is_date_line(text: str) -> bool:
    """Whether a line is a date with at most a few words about it, and no sentence."""
    return len(text) <= MAX_DATE_LINE_CHARS and not SENTENCE_END.search(text) and parse_visible(text) is not None


def is_byline(text: str) -> bool:
    """Whether a line names who wrote, and is no sentence."""
    return (
        len(text) <= MAX_DATE_LINE_CHARS and BYLINE.match(text) is not None and not text.endswith((".", ",", ":", "،"))
    )


def is_about(line: Line) -> bool:
    """Whether a line speaks about the article as the lines around a headline do: date, byline, section."""
    text = line.text
    return not line.in_run and (is_byline(text) or SECTION.match(text) is not None or is_date_line(text))


def _is_prose(text: str, stoplist: frozenset[str] | None) -> bool:
    """Whether a line is of a text that one reads: by its function words where it is long enough, else a sentence."""
    is_sentence = SENTENCE_END.search(text) is not None
    if len(text) < SHORT_CHARS:
        n_words = len(text.split())
        return is_sentence and (n_words >= MIN_SENTENCE_WORDS or len(text) > MAX_WORD_CHARS * n_words)
    if stoplist is None:
        return is_sentence
    words = WORD.findall(text.lower())
    return sum(word in stoplist for word in words) >= MIN_DENSITY * max(len(words), 1)


def _is_wrapped(text: str, following: str) -> bool:
    """Whether a line breaks off within a sentence that the following line continues: text wrapped at a width."""
    return text[-1] in COMMAS or (
        len(text) >= MIN_WRAPPED_CHARS and not SENTENCE_END.search(text) and following[:1].islower()
    )


def _is_tail(text: str) -> bool:
    """Whether a line heads what no longer is the article: other articles, or a form for comments.

    "Related: The harbour reopens" names the one that it leads to, and the article may go on.
    """
    if len(text) > MAX_HEADING_CHARS or NAMED_BEHIND.search(text):
        return False
    return (TAIL.match(text) or HEADING_OF_OTHERS.match(text)) is not None


def _opens_comments(text: str, following: str) -> bool:
    """Whether a line says that a reader speaks, and it or the following line when."""
    if len(text) > MAX_HEADING_CHARS or not COMMENTATOR.match(text):
        return False
    return DIGIT.search(text) is not None or is_date_line(following)


def _worth(line: Line, following: str, stoplist: frozenset[str] | None) -> float:
    """What a line, by itself, says for a region that has it: the characters of prose it adds, or those it costs."""
    text = line.text
    if _is_tail(text):
        return -TAIL_COST
    if line.in_run or is_chrome(text) or is_of_page(text) or CAPTION.search(text) or is_about(line):
        return -CHROME_COST
    if _is_prose(text, stoplist) or _is_wrapped(text, following):
        return len(text)
    n_words = len(text.split())
    if len(text) >= SHORT_CHARS and n_words >= MIN_LISTED_WORDS and SENTENCE_END.search(text):
        return len(text) / 2
    if ITEM.match(text) and (n_words >= MIN_ITEM_WORDS or n_words == 1):
        return ITEM_WORTH
    return -OTHER_COST


def _worths(lines: list[Line]) -> list[float]:
    """What each line up to the first comment is worth; a line that comes again is the page's."""
    stoplist = function_words(lines)
    folded = [fold_words(line.text) or line.text for line in lines]
    seen, n_prose = set[str](), 0.0
    worths: list[float] = []
    for (line, following), key in zip(pairwise([*lines, Line("")]), folded, strict=True):
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
    """Where the body begins and ends: the run of lines of the highest worth together."""
    best, region, total, start = 0.0, (0, 0), 0.0, 0
    for index, worth in enumerate(worths):
        if total <= 0:
            total, start = 0.0, index
        total += worth
        if total > best:
            best, region = total, (start, index + 1)
    return region


def find_body(text: str) -> list[Line]:
    """The lines of a page, those of the body marked: all of its region but lines that are plainly the page's."""
    lines = split_lines(text)
    worths = _worths(lines)
    start, end = _region(worths)
    for line, worth in zip(lines[start:end], worths[start:end], strict=True):
        line.is_body = worth > -CHROME_COST and (worth != -REPEAT_COST or len(line.text) < SHORT_CHARS)
    return lines
