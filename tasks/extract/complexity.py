"""What of a page's markup no reader needs and no parser bears: it is counted, or taken out, before a tree is built."""

import re
from collections import Counter

from lxml.html import HtmlElement

# Ten times what the largest of 1,034 real pages holds (9,748 elements). At this bound the dearest page takes seconds;
# a million elements take 15 s and 830 MB.
MAX_TAGS = 100_000
# libxml2 appends each attribute behind a walk over those before it: 20,000 on one tag take 0.3 s, 100,000 take 19 s.
MAX_ATTRIBUTES = 10_000
# A shorter page cannot hold so many attributes that the walk takes more than about a second.
CHECKED_CHARS = 200_000
# libxml2's parser gives up the rest of a page at a depth of 256; real pages reach 51. Three elements that are not
# counted may stand between two that are (table, tbody, tr, td).
MAX_PARSED_DEPTH = 250
MAX_OPEN_TAGS = 60

# The longest main text of 1,034 real pages has 53,000 characters. Language, names and lines of a longer one cost
# seconds a megabyte: 20 MB of names took over 15 s and 1.6 GB.
MAX_TEXT_CHARS = 2_000_000

UNREAD = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
START = re.compile(r"<[a-z]", re.IGNORECASE)
_ATTRIBUTE = r"""[\s/]*+[^\s/>=]?+[^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?+|'[^']*+'?+|[^\s>]*+))?+"""
_ATTRIBUTES = rf"(?:(?!>|\Z){_ATTRIBUTE})"
CROWDED = re.compile(rf"<[a-z][^\s/>]*+{_ATTRIBUTES}{{0,{MAX_ATTRIBUTES}}}+(?P<end>>|\Z)?", re.IGNORECASE)
TAG = re.compile(rf"<(/?)([a-z][a-z0-9:-]{{0,30}}+){_ATTRIBUTES}*+>?", re.IGNORECASE)
# Elements that hold nothing, or end by themselves where the next of their kind begins.
_UNNESTED = (
    "area base br col embed hr img input link meta source track wbr html head body p li dt dd tr td th option "
    "script style"
)
UNNESTED = frozenset(_UNNESTED.split())


def excess_of_text(text: str) -> str | None:
    """Why a text is too long to be read, in words; None for one that is not."""
    return f"{len(text)} characters of text, at most {MAX_TEXT_CHARS} are read" if len(text) > MAX_TEXT_CHARS else None


def excess_of(text: str) -> str | None:
    """Why a page is too complex to be parsed, in words; None for one that is not.

    Linear in the text. Tags within scripts, styles and comments make no element and do not count; the scripts do.
    """
    if text.count("<") > MAX_TAGS:
        n_tags = sum(1 for _ in START.finditer(UNREAD.sub(r" <\1 ", text)))
        if n_tags > MAX_TAGS:
            return f"{n_tags} tags, at most {MAX_TAGS} are read"
    if len(text) > CHECKED_CHARS and any(match["end"] is None for match in CROWDED.finditer(text)):
        return f"a tag with more than {MAX_ATTRIBUTES} attributes"
    return None


def is_cut_off(tree: HtmlElement) -> bool:
    """Whether the parser gave up on depth: the elements then open are each the last of their parent."""
    depth, node = 0, tree
    while len(node):
        depth, node = depth + 1, node[-1]
    return depth >= MAX_PARSED_DEPTH


def without_deep_tags(text: str) -> str:
    """The page without the tags that nest deeper than MAX_OPEN_TAGS; their content stays.

    For pages on whose depth the parser gives up: its rest would be lost, and readers' browsers show it.
    """
    opened: Counter[str] = Counter()
    dropped: Counter[str] = Counter()

    def keep(match: re.Match[str]) -> str:
        name = match[2].lower()
        if name in UNNESTED:
            return match[0]
        if not match[1]:
            is_kept = opened.total() < MAX_OPEN_TAGS
            (opened if is_kept else dropped)[name] += 1
            return match[0] if is_kept else ""
        if dropped[name]:
            dropped[name] -= 1
            return ""
        opened[name] -= opened[name] > 0
        return match[0]

    return TAG.sub(keep, text)
