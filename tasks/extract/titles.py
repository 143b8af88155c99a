"""The headline of a page, without the outlet's name that is glued on."""

import re
from collections.abc import Sequence
from itertools import islice, pairwise
from urllib.parse import urlsplit

from lxml.html import HtmlElement
from trafilatura.metadata import extract_title

from tasks.extract.page_data import PageData, plain

SEPARATOR = re.compile(
    r"(?<!\s)\s+(?:[|–—•·»«›‹~⁄:*]|-{1,2}|::|\|\|)\s+|(?<!\s)\s*[|»]\s*|(?<=\w):\s+(?=[A-Z]\w+\.(?:com|net|org|de|fr)\b)"
)
# Guillemets in a pair quote; one alone is an arrow between segments.
QUOTES = str.maketrans("«»", '""')
WORD = re.compile(r"[^\W_]+")
PAGE_NUMBER = re.compile(r"\b(?:page|seite|p[aá]gina|pagina|صفحة|الصفحة)\W{0,3}\d", re.IGNORECASE)
CUT_OFF = ("...", "…")
MIN_TITLE_CHARS = 3
MAX_TITLE_CHARS = 400
MAX_HEADINGS = 60
MIN_HEADLINE_WORDS = 3
MIN_SHARED_WORDS = 2
# Articles and prepositions, which any two headlines share, are no longer.
MAX_ARTICLE_CHARS = 3
# A headline of this many letters is no section or page name.
MIN_HEADLINE_CHARS = 10
MAX_SITENAME_CHARS = 40
MAX_SITENAME_WORDS = 5
MIN_GLUED_SEGMENTS = 2


def fold_words(text: str | None) -> str:
    """The words of a text in lower case, one space between: what two spellings of one title share."""
    return " ".join(WORD.findall((text or "").casefold()))


def host_words(url: str | None) -> str:
    """The letters of an address's registered name (`lematin` of www.lematin.ma), for comparison with a site's name."""
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return ""
    labels = [label for label in host.split(".") if label not in ("www", "m", "amp")]
    return labels[-2] if len(labels) > 1 and len(labels[-2]) > 3 else labels[0] if labels else ""


def _is_site_name(segment: str, sitename: str | None, host: str) -> bool:
    """Whether a segment of a title names the outlet rather than the story."""
    folded = fold_words(segment)
    squeezed = folded.replace(" ", "")
    site = fold_words(sitename)
    if not folded:
        return True
    if site and (folded == site or squeezed == site.replace(" ", "")):
        return True
    if (
        site
        and len(folded) > 3
        and (site.startswith(folded) or folded.startswith(site))
        and len(folded) <= len(site) + 20
    ):
        return True
    bare_host = host.replace("-", "")
    return (
        len(squeezed) >= 3
        and bool(bare_host)
        and (
            squeezed == bare_host
            or squeezed.startswith(bare_host)
            or (len(squeezed) > 4 and bare_host.startswith(squeezed))
        )
    )


def separators(title: str) -> list[tuple[int, int]]:
    """Where the segments of a title part: start and end of each separator. Quotation marks in a pair part nothing."""
    is_quoting = "«" in title and "»" in title
    return [match.span() for match in SEPARATOR.finditer(title.translate(QUOTES) if is_quoting else title)]


def segments_of(title: str) -> list[str]:
    """The segments of a title, empty ones left out."""
    spans = [(0, 0), *separators(title), (len(title), len(title))]
    pairs = pairwise(spans)
    return [segment for (_, start), (end, _) in pairs if (segment := title[start:end].strip())]


def without_site_name(title: str, *, sitename: str | None, url: str | None) -> str | None:
    """The title without leading or trailing segments that name the outlet; None when nothing else is left."""
    host = host_words(url)
    spans = separators(title)
    start, end = 0, len(title)
    while spans and _is_site_name(title[spans[-1][1] : end], sitename, host):
        end = spans.pop()[0]
    while spans and _is_site_name(title[start : spans[0][0]], sitename, host):
        start = spans.pop(0)[1]
    stripped = title[start:end].strip()
    return stripped if len(stripped) >= MIN_TITLE_CHARS and not _is_site_name(stripped, sitename, host) else None


def headings(tree: HtmlElement, *tags: str) -> list[str]:
    """The texts of the page's headings of these levels, in order."""
    return [
        text
        for element in islice(tree.iter(*tags), MAX_HEADINGS)
        if (text := plain(" ".join(element.itertext())[:2000]))
    ]


def _agreeing_heading(candidates: Sequence[str], tops: Sequence[str]) -> str | None:
    """The headline where a candidate and a heading are one but for something glued on: the shorter of the two."""
    for candidate in candidates:
        folded = fold_words(candidate)
        for top in tops:
            heading = fold_words(top)
            if len(folded) > 15 and heading != folded and (heading.startswith(folded) or heading.endswith(folded)):
                return top if candidate.endswith(CUT_OFF) else candidate
            if len(heading) > 10 and (folded.startswith(heading) or folded.endswith(heading)):
                return top
    return None


def _kindred_heading(candidates: Sequence[str], tops: Sequence[str]) -> str | None:
    """The page's only h1 where it tells a candidate's story in other words: readers see it, search engines the other.

    They share words: a slogan or the name of a service in the h1 does not.
    """
    if len(set(map(fold_words, tops))) != 1 or len(tops[0]) > MAX_TITLE_CHARS:
        return None
    words = set(fold_words(tops[0]).split())
    telling = {word for word in words if len(word) > MAX_ARTICLE_CHARS}
    n_shared = max((len(telling & set(fold_words(candidate).split())) for candidate in candidates), default=0)
    return tops[0] if n_shared >= MIN_SHARED_WORDS and len(words) >= MIN_HEADLINE_WORDS else None


def _segment_heading(shown: str | None, lower: Sequence[str]) -> str | None:
    """The lower heading that is one whole segment of the `<title>`, for pages whose h1 is the outlet's name."""
    segments = {fold_words(segment) for segment in segments_of(shown or "")} - {""}
    return (
        next((text for text in lower if fold_words(text) in segments and len(text.split()) >= MIN_HEADLINE_WORDS), None)
        if len(segments) > 1
        else None
    )


def _shown_title(tree: HtmlElement) -> str | None:
    element = next(iter(tree.iter("title")), None)
    return plain(element.text_content()[:2000]) if element is not None else None


def sitename_in_title(tree: HtmlElement, *, url: str | None) -> str | None:
    """The outlet's name where only the `<title>` bears it: its last segment, else its first, beside the page's h1.

    A name has no more words than the headline. None where the h1 is the outlet's own name, as the address tells.
    """
    segments = segments_of(_shown_title(tree) or "")
    if len(segments) < MIN_GLUED_SEGMENTS:
        return None
    host = host_words(url)
    tops = {
        folded for text in headings(tree, "h1") if not _is_site_name(text, None, host) and (folded := fold_words(text))
    }
    for name, rest in ((segments[-1], segments[:-1]), (segments[0], segments[1:])):
        headlines = {fold_words(" ".join(rest)), *map(fold_words, rest)} & tops
        words = len(fold_words(name).split())
        is_told = any(len(text) > MIN_HEADLINE_CHARS and len(text.split()) >= words for text in headlines)
        if is_told and fold_words(name) not in tops and _may_be_site_name(name, url):
            return name
    return None


def _may_be_site_name(segment: str, url: str | None) -> bool:
    """Whether a segment is short, and neither a page's number nor the section that the address names."""
    is_short = len(segment) <= MAX_SITENAME_CHARS and len(segment.split()) <= MAX_SITENAME_WORDS
    path = (url or "").casefold().partition("//")[2].split("/")[1:]
    return is_short and PAGE_NUMBER.search(segment) is None and fold_words(segment) not in map(fold_words, path)


def _candidates(data: PageData, shown: str | None) -> list[str]:
    """The page's own statements of its title, best first."""
    headlines = [plain(node.get("headline")) or plain(node.get("name")) for node in data.articles]
    metas = [
        data.first_meta(name)
        for name in ("og:title", "twitter:title", "dc.title", "parsely-title", "sailthru.title", "citation_title")
    ]
    return [
        text for text in (*headlines[:1], *metas, shown) if text and MIN_TITLE_CHARS <= len(text) <= MAX_TITLE_CHARS
    ]


def find_title(tree: HtmlElement, data: PageData, *, sitename: str | None, url: str | None) -> str | None:
    """The headline: the page's statements of it, held against its headings and rid of the outlet's name."""
    shown = _shown_title(tree)
    candidates = _candidates(data, shown)
    stripped = [
        title for candidate in candidates if (title := without_site_name(candidate, sitename=sitename, url=url))
    ]
    tops = headings(tree, "h1")
    heading = (
        _agreeing_heading(stripped or candidates, tops)
        or _kindred_heading(stripped, tops)
        or _segment_heading(shown, headings(tree, "h2", "h3"))
    )
    if heading:
        return without_site_name(heading, sitename=sitename, url=url) or heading
    shown_headings = [*headings(tree, "h1"), *headings(tree, "h2")] if candidates and not stripped else []
    named = [title for text in shown_headings if (title := without_site_name(text, sitename=sitename, url=url))]
    return next(iter([*stripped, *named]), None) or plain(extract_title(tree)) or next(iter(candidates), None)
