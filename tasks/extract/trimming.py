"""Lines that an extractor leaves in a text though they belong to its page: leads to other pages, credits, invitations.

The rule, in order, over the lines of one text: its title, where it stands among the first lines; lines about it above
the body (a date, a byline); anywhere, short lines that lead elsewhere, name a source or a picture's maker, invite to a
service, or label a part of the page; then the tail: from a line that heads a list of other articles to the end, where
no prose follows it. A text that would lose more than half of itself is left as it is.
"""

import re

from tasks.extract.chrome_words import (
    BYLINE,
    CREDIT,
    HEADING_OF_OTHERS,
    INVITATION,
    LABEL,
    LEAD_ELSEWHERE,
    NOTE,
    SERVICE,
)
from tasks.extract.lines import n_chars
from tasks.extract.moments import parse_visible
from tasks.extract.titles import fold_words

HEAD_LINES = 3
LINES_ABOUT = 5
MAX_ABOUT_CHARS = 100
MAX_ABOUT_WORDS = 8
MAX_LEAD_CHARS = 200
MAX_CREDIT_CHARS = 160
MAX_INVITATION_CHARS = 260
MAX_HEADING_CHARS = 80
MIN_PROSE_CHARS = 100
MIN_KEPT_SHARE = 0.5
SENTENCE_END = re.compile(r"[.!?…؟。」»”\"'’)\]]\s*$")


def trim(lines: list[str], title: str | None) -> list[str]:
    """The lines of an article without those that belong to its page, in order."""
    kept = _without_tail([line for line in _without_head(lines, title) if not is_of_page(line)])
    return kept if n_chars(kept) >= MIN_KEPT_SHARE * n_chars(lines) else lines


def _is_prose(line: str) -> bool:
    return len(line) >= MIN_PROSE_CHARS and SENTENCE_END.search(line) is not None


def _without_head(lines: list[str], title: str | None) -> list[str]:
    """The lines without the title, once, among the first, and without lines about the article above its body."""
    folded = fold_words(title)
    at = next((index for index, line in enumerate(lines[:HEAD_LINES]) if folded and fold_words(line) == folded), None)
    rest = [line for index, line in enumerate(lines) if index != at]
    body = next((index for index, line in enumerate(rest[:LINES_ABOUT]) if _is_prose(line)), 0)
    return [line for line in rest[:body] if not _is_about(line)] + rest[body:]


def _is_about(line: str) -> bool:
    """Whether a line is a date or a byline and little else."""
    if len(line) > MAX_ABOUT_CHARS or len(line.split()) > MAX_ABOUT_WORDS or line.endswith((".", ":", "?", "!")):
        return False
    return parse_visible(line) is not None or BYLINE.match(line) is not None


def is_of_page(line: str) -> bool:
    """Whether a line is none of the article's, wherever it stands."""
    if len(line) > MAX_INVITATION_CHARS:
        return False
    if LABEL.match(line) or NOTE.search(line) or (INVITATION.match(line) and SERVICE.search(line)):
        return True
    if len(line) <= MAX_CREDIT_CHARS and CREDIT.match(line):
        return True
    # "See also" may open a sentence of the article; a lead names what it leads to, or is a title.
    return len(line) <= MAX_LEAD_CHARS and LEAD_ELSEWHERE.match(line) is not None and not _is_sentence(line)


def _is_sentence(line: str) -> bool:
    return len(line) > MAX_HEADING_CHARS and ":" not in line[:40] and SENTENCE_END.search(line) is not None


def _without_tail(lines: list[str]) -> list[str]:
    """The lines up to one that heads a list of other articles and has no prose behind it."""
    last = max((index for index, line in enumerate(lines) if _is_prose(line)), default=-1)
    for index in range(max(last, 0) + 1, len(lines)):
        if len(lines[index]) < MAX_HEADING_CHARS and HEADING_OF_OTHERS.match(lines[index]):
            return lines[:index]
    return lines
