"""Site boilerplate: paragraphs that recur over the pages of one site, whatever they say.

The rule. Of each site the 200 pages with the smallest hash of their page_id are looked at (of a page captured more
than once, the capture with the smallest hash of its document_id), so that neither the order of files nor their cut
matters. A site of fewer than MIN_PAGES pages is too small to judge. A paragraph (its case, spaces and Unicode form
folded) that stands on MIN_COUNT pages or more, and on MIN_SHARE of those looked at, is boilerplate, with one exception:
a paragraph that opens few of the pages it stands on is the article of those and a teaser on the others, and stays where
it opens the page. Where less than MIN_LEFT_SHARE of a text, or MIN_LEFT_CHARS, would remain, nothing is taken out.
"""

import hashlib
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

# The version of what is kept of a page; files of another are derived anew.
RULE_VERSION = 1
MAX_PAGES = 200
MIN_PAGES = 8
MIN_COUNT = 4
MIN_SHARE = 0.25
# Paragraphs that open a page; a teaser repeats one of these.
OPENING_LINES = 3
# The article of at most this share of the pages that show it.
MAX_OPENING_SHARE = 0.25
MIN_LEFT_SHARE = 0.3
MIN_LEFT_CHARS = 100


@dataclass(frozen=True, slots=True)
class PageLines:
    """One page as a sample sees it: the hashes of its identities and of its paragraphs, each once, in order."""

    site: str
    page_key: int
    document_key: int
    lines: Sequence[int]


@dataclass(frozen=True, slots=True)
class SiteRule:
    """What is boilerplate on one site; `teased` are those of it that are the article where they open a page."""

    lines: frozenset[int]
    teased: frozenset[int]

    def digest(self, site: str) -> bytes:
        """A hash of the rule and the site it is for."""
        stated = f"{site}\0{sorted(self.lines)}\0{sorted(self.teased)}"
        return hashlib.sha256(stated.encode()).digest()


NO_RULE = SiteRule(frozenset(), frozenset())


@dataclass(frozen=True, slots=True)
class Stripped:
    """A text without boilerplate: the (position, paragraph) pairs taken out, and where each kept paragraph now begins.

    `moves` are (start, end, new start) of the kept paragraphs, in code points of the text before.
    """

    text: str
    removed: tuple[tuple[int, str], ...]
    moves: tuple[tuple[int, int, int], ...]

    def moved(self, start: int, end: int) -> int | None:
        """Where a stretch of the text now begins; None where it was taken out."""
        for first, last, to in self.moves:
            if first <= start and end <= last:
                return to + start - first
        return None


def key_of(text: str) -> int:
    """A hash of 64 bits."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def line_key(line: str) -> int:
    """The hash of a paragraph, folded."""
    return key_of(" ".join(unicodedata.normalize("NFKC", line).casefold().split()))


def page_lines(*, site: str, page_id: str, document_id: str, text: str) -> PageLines:
    """A page as a sample sees it."""
    keys = dict.fromkeys(line_key(line) for line in text.split("\n") if line)
    return PageLines(site, key_of(page_id), key_of(document_id), tuple(keys))


def sample_lines(pages: Iterable[PageLines]) -> Iterator[PageLines]:
    """The pages that a sample of each site holds, by site and key: a sample of samples is the sample of all."""
    by_site: dict[str, dict[int, PageLines]] = defaultdict(dict)
    for page in pages:
        kept = by_site[page.site]
        other = kept.get(page.page_key)
        if other is None or page.document_key < other.document_key:
            kept[page.page_key] = page
        if len(kept) > 2 * MAX_PAGES:
            by_site[page.site] = {key: kept[key] for key in sorted(kept)[:MAX_PAGES]}
    for site in sorted(by_site):
        for key in sorted(by_site[site])[:MAX_PAGES]:
            yield by_site[site][key]


def rules_of(sample: Iterable[PageLines]) -> dict[str, SiteRule]:
    """The rule of each site that has boilerplate, from a sample as `sample_lines` gives it."""
    by_site: dict[str, list[PageLines]] = defaultdict(list)
    for page in sample:
        by_site[page.site].append(page)
    return {site: rule for site, pages in by_site.items() if (rule := _rule_of(pages)).lines}


def _rule_of(pages: list[PageLines]) -> SiteRule:
    if len(pages) < MIN_PAGES:
        return NO_RULE
    counts = Counter(line for page in pages for line in page.lines)
    openings = Counter(line for page in pages for line in page.lines[:OPENING_LINES])
    least = max(MIN_COUNT, math.ceil(MIN_SHARE * len(pages)))
    lines = frozenset(line for line, count in counts.items() if count >= least)
    teased = frozenset(line for line in lines if openings[line] <= MAX_OPENING_SHARE * counts[line])
    return SiteRule(lines, teased)


def rules_digest(rules: Mapping[str, SiteRule], sites: Iterable[str]) -> str:
    """sha256 (hex) of the rules that some sites have: equal where nothing else would be taken out."""
    return hashlib.sha256(b"".join(rules[site].digest(site) for site in sorted(sites) if site in rules)).hexdigest()


def strip(text: str, rule: SiteRule) -> Stripped:
    """A text without its site's boilerplate."""
    lines = text.split("\n")
    keys = [line_key(line) for line in lines]
    taken = [key in rule.lines and not (index < OPENING_LINES and key in rule.teased) for index, key in enumerate(keys)]
    left = sum(len(line) for line, is_taken in zip(lines, taken, strict=True) if not is_taken)
    if not any(taken) or left < max(MIN_LEFT_CHARS, MIN_LEFT_SHARE * sum(map(len, lines))):
        return Stripped(text, (), ((0, len(text), 0),))
    kept: list[str] = []
    moves: list[tuple[int, int, int]] = []
    start = new_start = 0
    for line, is_taken in zip(lines, taken, strict=True):
        if not is_taken:
            kept.append(line)
            moves.append((start, start + len(line), new_start))
            new_start += len(line) + 1
        start += len(line) + 1
    removed = tuple((index, line) for index, line in enumerate(lines) if taken[index])
    return Stripped("\n".join(kept), removed, tuple(moves))
