"""When a page says it was published and changed: typed evidence, best first."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice
from urllib.parse import urlsplit

from htmldate import find_date
from lxml.etree import XPath
from lxml.html import HtmlElement

from tasks.extract.calendar_words import LOOSE_WORDS, MODIFIED_WORDS, PUBLISHED_WORDS, fold
from tasks.extract.moments import Moment, parse_moment, parse_visible
from tasks.extract.page_data import PageData, plain
from tasks.extract.regions import ASIDE, RELATED, WHOLE, lies_in
from tasks.extract.titles import fold_words
from tasks.records.article import DatedBy, DateSource

logging.getLogger("htmldate").setLevel(logging.CRITICAL)

# Zones reach 14 hours: a page may be dated tomorrow as seen from UTC.
TOLERANCE = timedelta(days=1)
# The web press begins; older dates are believed only where a machine wrote them.
EARLIEST_VISIBLE = datetime(1990, 1, 1, tzinfo=UTC)
# htmldate's own bound when the fetch date is unknown; a fixed day, so that results do not depend on today.
NO_BOUND = "2039-12-31"

META_PUBLISHED = (
    "article:published_time", "article:published", "og:article:published_time", "og:published_time",
    "article:publicationdate", "article:post_date", "og:article:published", "og:pubdate", "og:publish_date",
    "rnews:datepublished", "datepublished", "date_published", "publish_date", "publish-date", "publishdate",
    "published-date", "published_date", "published_time", "publisheddate", "publication_date", "publication-date",
    "pubdate", "pdate", "ptime", "parsely-pub-date", "sailthru.date", "bt:pubdate", "rbpubdate",
    "cxenseparse:recs:publishtime", "article.published", "article_date_original", "originalpublicationdate",
    "shareaholic:article_published_time", "vr:published_time", "twt-published-at", "mediator_published_time",
    "citation_publication_date", "citation_date", "citation_online_date", "dcterms.issued", "dc.date.issued",
    "dc.date.publication", "dc.date.created", "dcterms.created", "dc.created", "dc:created", "dcterms.date",
    "dc.date", "dc:date", "date.created", "article.created", "datecreated", "date_created", "created",
    "dcsext.articlefirstpublished", "analyticsattributes.articledate", "displaydate", "doc_date", "dateposted",
    "release_date", "video:release_date", "date", "gentime", "timestamp",
)  # fmt: skip
META_MODIFIED = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "article:modified", "og:modified_time",
    "datemodified", "dc.date.modified", "dcterms.modified", "dc.modified", "lastmod", "last-modified",
    "lastmodified", "modified_time", "updated_time", "bt:moddate", "revision_date", "article:modified_date",
)  # fmt: skip

URL_DAY = re.compile(r"[/_.-]((?:19|20)\d\d)[/_-](0?[1-9]|1[0-2])[/_-](0?[1-9]|[12]\d|3[01])(?!\d)")
URL_DAY_FIRST = re.compile(r"[/_.-](0?[1-9]|[12]\d|3[01])-(0?[1-9]|1[0-2])-((?:19|20)\d\d)(?![\d-])")
URL_COMPACT_DAY = re.compile(r"/((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=[/_.-]|$)")
DATE_CUE = re.compile(r"date|datum|publi|posted|time|fecha|parution|byline|dateline|تاريخ", re.IGNORECASE)
VISIBLE_TAGS = (
    "time",
    "span",
    "p",
    "div",
    "abbr",
    "li",
    "small",
    "td",
    "em",
    "h3",
    "h4",
    "h5",
    "h6",
    "b",
    "i",
    "a",
    "strong",
    "dd",
    "section",
)
DIGIT = re.compile(r"\d")
MAX_VISIBLE_CHARS = 120
# "Posté 1.1.24": no line of publication is shorter.
MIN_DATE_CHARS = 12
# An element of more parts than this is no date line, and its text is costly.
MAX_CHILDREN = 12
# How far under its headline a page shows its date.
HEADLINE_CHARS = 700
# A paragraph longer than this is the article or its standfirst: the days it names are its story's.
MAX_LINE_CHARS = 160
# What an article's own frame is called; a date above the headline is the article's inside one only.
ENTRY = re.compile(r"(?:^|[\s_-])(?:article|entry|post|story|news)(?:$|[\s_-])", re.IGNORECASE)
MAX_HEADINGS = 60
# Headings shorter than this must be the title, not only part of it.
MIN_AGREEING_CHARS = 15
# "Last updated on": what stands in an element of its own before its date.
MAX_LABEL_CHARS = 40
# Texts that may be a date line or open with a date: they have a digit.
OF_ITEM = XPath(".//*[@itemprop][not(self::meta)]")
DATED_TEXTS = XPath(
    ".//body//text()[string-length(.) > 6]"
    "[contains(., '19') or contains(., '20') or contains(., '٠') or contains(., '۰')]"
    "[not(parent::script or parent::style or parent::noscript or parent::option or parent::textarea)]"
)
MAX_DATED_TEXTS = 1_000
MAX_MARKED_TEXTS = 1_000
# An address names a local day, a time tag an instant.
ADDRESS_TOLERANCE = timedelta(days=2)
MAX_DATE_LINE_CHARS = 40
MAX_DATE_LINE_WORDS = 3
LETTERS = re.compile(r"[^\W\d_]+")
OPENS_WITH_DAY = re.compile(r"\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?(?:19|20)\d\d(?!\d)")
SHORT_SCRIPTS = XPath(".//body//script[not(@type) or contains(@type, 'javascript')][string-length(.) < 200]/text()")
WRITTEN_DATE = re.compile(r"[\"']((?:19|20)\d\d[/-]\d\d[/-]\d\d[ T]\d\d:\d\d)")
ADDRESSES = XPath(".//body//@*[starts-with(., 'http') or starts-with(., '/')]")
MAX_ADDRESSES = 2_000
MAX_ADDRESS_CHARS = 500
# Elements of that frame looked at above the headline.
MAX_ABOVE = 60


@dataclass(frozen=True, slots=True)
class DateContext:
    """What a date is held against: when the page was fetched, the zone of clocks that name none, what its feed says."""

    fetched_at: datetime | None = None
    zone: str | None = None
    feed_date: str | None = None

    def accepts(self, at: datetime, *, structured: bool) -> bool:
        """Whether a page fetched then may bear this date: none of the future; none before the web but a machine's."""
        if self.fetched_at is not None and at > self.fetched_at + TOLERANCE:
            return False
        return structured or at >= EARLIEST_VISIBLE

    def is_fetch_day(self, at: datetime) -> bool:
        """Whether the date is the day of the fetch (a day either side for zones): what a masthead or a clock shows."""
        return self.fetched_at is not None and abs((at.date() - self.fetched_at.date()).days) <= 1


def _dated(
    moment: Moment | None, source: DateSource, context: DateContext, *, structured: bool = True
) -> DatedBy | None:
    if moment is None:
        return None
    at = moment.at_utc(context.zone)
    if not context.accepts(at, structured=structured):
        return None
    return DatedBy(at=at, precision=moment.precision, source=source)


def _from_json_ld(data: PageData, key: str, context: DateContext) -> DatedBy | None:
    for node in [
        *data.articles,
        *data.nodes_of(("webpage", "itempage", "collectionpage", "newsarticle", "creativework", "event")),
    ]:
        value = plain(node.get(key))
        if value and (dated := _dated(parse_moment(value), "json_ld", context)):
            return dated
    return None


def _from_meta(data: PageData, names: tuple[str, ...], context: DateContext) -> DatedBy | None:
    for name in names:
        for value in data.meta.get(name, ()):
            if dated := _dated(parse_moment(value), "meta", context):
                return dated
    return None


def _from_itemprop(tree: HtmlElement, names: tuple[str, ...], context: DateContext) -> DatedBy | None:
    """The date of an element whose itemprop says what it is, by its machine value, else its text."""
    for element in OF_ITEM(tree):
        if (element.get("itemprop") or "").lower() in names:
            value = (
                element.get("datetime") or element.get("content") or plain(element.text_content()[:MAX_VISIBLE_CHARS])
            )
            source: DateSource = "time_tag" if element.tag == "time" else "meta"
            if value and (dated := _dated(parse_moment(value), source, context)):
                return dated
    return None


def url_day(url: str | None) -> Moment | None:
    """The day in an address's path (/2024/05/13/, /20240513/, /13-05-2024), if it bears one."""
    if not url:
        return None
    match = URL_DAY.search(url) or URL_COMPACT_DAY.search(url)
    groups = match.groups() if match else (found.groups()[::-1] if (found := URL_DAY_FIRST.search(url)) else None)
    if groups is None:
        return None
    try:
        year, month, day = map(int, groups)
        return Moment(datetime(year, month, day), "day")
    except ValueError:
        return None


def _is_aside(element: HtmlElement) -> bool:
    return lies_in(element, ASIDE, ("aside", "footer", "nav"))


def _time_rank(element: HtmlElement) -> int:
    """How surely a time tag is the publication: 0 marked so, 1 plain, 2 marked as a change."""
    marks = " ".join(element.get(name) or "" for name in ("class", "id", "itemprop", "data-testid")).lower()
    if "updat" in marks or "modif" in marks:
        return 2
    return (
        0
        if "publish" in marks or "entry-date" in marks or "entry-time" in marks or element.get("pubdate") is not None
        else 1
    )


def _from_time_tags_or_address(tree: HtmlElement, url: str | None, context: DateContext) -> DatedBy | None:
    """The publication by the page's time tags, else the day in its address.

    A time tag that nothing marks as the publication may be another article's: where it is more than two days away from
    the day in the address, that is believed.
    """
    ranked, by_address = _best_time_tag(tree, context), _dated(url_day(url), "url", context)
    if ranked is None:
        return by_address
    rank, by_tag = ranked
    is_other = by_address is not None and abs(by_tag.at - by_address.at) > ADDRESS_TOLERANCE
    return by_address if rank > 0 and is_other else by_tag


def _best_time_tag(tree: HtmlElement, context: DateContext) -> tuple[int, DatedBy] | None:
    """The time tag marked as the publication, else the first of the article itself, with its rank."""
    ranked: list[tuple[int, int, DatedBy]] = []
    for order, element in enumerate(tree.iter("time")):
        value = element.get("datetime") or plain(element.text_content()[:MAX_VISIBLE_CHARS])
        dated = _dated(parse_moment(value), "time_tag", context) if value and len(value) > 6 else None
        if dated and not _is_aside(element):
            ranked.append((_time_rank(element), order, dated))
        if order > 1000:
            break
    if not ranked:
        return None
    rank, _, dated = min(ranked, key=lambda item: item[:2])
    return rank, dated


def _marked_texts(tree: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """Short texts of elements whose class or id speaks of a date, in page order."""
    for element in tree.iter(*VISIBLE_TAGS):
        marks = f"{element.get('class') or ''} {element.get('id') or ''}"
        if len(marks) > 1 and len(element) <= MAX_CHILDREN and DATE_CUE.search(marks):
            text = plain(
                element.get("title") if element.tag == "abbr" else element.text_content()[: 4 * MAX_VISIBLE_CHARS]
            )
            if text and len(text) <= MAX_VISIBLE_CHARS:
                yield element, text


def says_published(text: str) -> bool:
    """Whether a line bears a word of publication and none of change."""
    if DIGIT.search(text) is None:
        return False
    folded = fold(text).lstrip()
    return any(folded.startswith(word) or f" {word}" in folded for word in PUBLISHED_WORDS) and not any(
        word in folded for word in MODIFIED_WORDS
    )


def _opens_as_published(text: str) -> bool:
    words = tuple(word for word in PUBLISHED_WORDS if word not in LOOSE_WORDS)
    return says_published(text) and fold(text).lstrip(" \n\t|-–:").startswith(words)


def _is_change(text: str) -> bool:
    folded = fold(text)
    return any(word in folded for word in MODIFIED_WORDS)


def _from_marked_text(tree: HtmlElement, context: DateContext) -> DatedBy | None:
    """The first visible date that the page marks as one; today's (a masthead's) only where nothing marks another."""
    for element, text in islice(_marked_texts(tree), MAX_MARKED_TEXTS):
        dated = _dated(parse_visible(text), "text", context, structured=False)
        if (
            dated
            and dated.precision != "month"
            and not context.is_fetch_day(dated.at)
            and not _is_aside(element)
            and not _is_change(text)
        ):
            return dated
    return None


def _texts_behind(tree: HtmlElement, heading: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """The texts that follow a heading and their elements, node by node, for the first HEADLINE_CHARS characters."""
    seen, passed = 0, False
    for element in tree.iter():
        if element is heading:
            passed = True
            if element.tail and not element.tail.isspace():
                yield element.getparent(), element.tail
        elif passed and isinstance(element.tag, str) and element.tag not in ("script", "style", "noscript"):
            for node, text in ((element, element.text), (element.getparent(), element.tail)):
                if text and not text.isspace():
                    seen += len(text)
                    yield node, text
        if seen > HEADLINE_CHARS:
            return


def _path_of(href: str) -> str:
    """The path of a link, "#" for one within the page or none at all."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return "#"
    return parts.path if parts.netloc or parts.path else "#"


def _is_logo(heading: HtmlElement) -> bool:
    """Whether a heading links to the start page, as the outlet's name does."""
    return any(_path_of(link.get("href") or "") in ("", "/") for link in heading.iter("a"))


def find_headline(tree: HtmlElement, title: str | None) -> HtmlElement | None:
    """The heading that shows the page's title: the first h1 that agrees with it, else the first h2 or h3 that is it."""
    folded = fold_words(title)
    if not folded:
        return None
    for element in islice(tree.iter("h1"), MAX_HEADINGS):
        shown = fold_words("".join(element.itertext()))
        agrees = shown == folded or (len(shown) > MIN_AGREEING_CHARS and (shown in folded or folded in shown))
        if shown and agrees and not _is_logo(element):
            return element
    lower = islice(tree.iter("h2", "h3"), MAX_HEADINGS)
    return next((element for element in lower if fold_words("".join(element.itertext())) == folded), None)


def _texts_above(headline: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """The short texts above a headline inside the article's own frame."""
    frame = next(
        (
            node
            for node in headline.iterancestors()
            if node.tag == "article" or (node.tag not in WHOLE and ENTRY.search(node.get("class") or ""))
        ),
        None,
    )
    for element in islice(frame.iter(), MAX_ABOVE) if frame is not None else ():
        if element is headline:
            return
        if isinstance(element.tag, str) and element.tag not in ("script", "style", "noscript"):
            for node, text in ((element, element.text), (element.getparent(), element.tail)):
                if node is not None and text and not text.isspace():
                    yield node, text


def _stands_in_prose(element: HtmlElement) -> bool:
    """Whether an element lies in a paragraph too long for a line about the article."""
    paragraph = element if element.tag == "p" else next(element.iterancestors("p"), None)
    return paragraph is not None and sum(map(len, paragraph.itertext())) > MAX_LINE_CHARS


def _from_beside_headline(tree: HtmlElement, title: str | None, context: DateContext) -> DatedBy | None:
    """The date in a line beside the headline, under it before above it; the day of the fetch is one like any other.

    A label before the date ("Updated") counts for it. Days named in paragraphs are the story's, not the page's.
    """
    headline = find_headline(tree, title)
    if headline is None:
        return None
    label = ""
    for element, text in chain(_texts_behind(tree, headline), _texts_above(headline)):
        if len(text) > MAX_VISIBLE_CHARS:
            continue
        dated = _dated(parse_visible(text), "text", context, structured=False)
        if dated is None:
            label = text if len(text) <= MAX_LABEL_CHARS else ""
        elif (
            dated.precision != "month"
            and not _is_change(text)
            and not _is_change(label)
            and not _is_aside(element)
            and not _stands_in_prose(element)
        ):
            return dated
    return None


def _from_under_heading(tree: HtmlElement, context: DateContext) -> DatedBy | None:
    """The first date in a short text right under the first h1, today's left out: the h1 may be the outlet's name."""
    heading = next(iter(tree.iter("h1")), None)
    for element, text in _texts_behind(tree, heading) if heading is not None else ():
        if len(text) <= MAX_VISIBLE_CHARS and not _is_change(text):
            dated = _dated(parse_visible(text), "text", context, structured=False)
            if (
                dated
                and dated.precision != "month"
                and not context.is_fetch_day(dated.at)
                and not lies_in(element, RELATED, ())
            ):
                return dated
    return None


def _from_stated_text(tree: HtmlElement, context: DateContext) -> DatedBy | None:
    """The first date in a short text that opens with a word of publication, outside the parts beside the article."""
    for element in tree.iter():
        own = element.text if isinstance(element.tag, str) else None
        for node, text in ((element, own), (element.getparent(), element.tail)):
            if not text or not MIN_DATE_CHARS <= len(text) <= MAX_VISIBLE_CHARS or not _opens_as_published(text):
                continue
            dated = _dated(parse_visible(text), "text", context, structured=False)
            if dated and dated.precision != "month" and not _is_aside(node) and not _stands_in_prose(node):
                return dated
    return None


def _from_whole_page(
    tree: HtmlElement, url: str | None, context: DateContext, *, changed_at: datetime | None
) -> DatedBy | None:
    """What the page as a whole suggests, unless it is the fetch date in disguise or the last change.

    htmldate's quick search, then lines that are a date and nothing else or open with one, dates that scripts write, and
    the day that addresses in the page name most often. htmldate's extensive search, which this replaces, took 25 to
    40 ms a page, and what it found beyond this was mostly a year alone.
    """
    for dated in chain(
        _quick_search(tree, url, context),
        _from_date_lines(tree, context),
        _from_scripts(tree, context),
        _from_links(tree, context),
    ):
        is_change = changed_at is not None and dated.at.date() == changed_at.date()
        if not is_change and not context.is_fetch_day(dated.at):
            return dated
    return None


def _quick_search(tree: HtmlElement, url: str | None, context: DateContext) -> Iterator[DatedBy]:
    """The day that htmldate finds without its extensive search; none where it is only a year."""
    latest = (context.fetched_at + TOLERANCE).date().isoformat() if context.fetched_at else NO_BOUND
    found = find_date(tree, extensive_search=False, original_date=True, url=url or "", max_date=latest)
    moment = parse_moment(found) if found else None
    # htmldate writes a copyright year as its first day.
    if moment is not None and (moment.wall.month, moment.wall.day) != (1, 1):
        yield from _one(_dated(moment, "text", context, structured=False))


def _one(dated: DatedBy | None) -> Iterator[DatedBy]:
    if dated is not None:
        yield dated


def _from_date_lines(tree: HtmlElement, context: DateContext) -> Iterator[DatedBy]:
    """The dates of texts that are a date and little else, then of texts that open with one, then of those in asides."""
    lines: list[tuple[int, DatedBy]] = []
    for text in islice(DATED_TEXTS(tree), MAX_DATED_TEXTS):
        shown = " ".join(text[: 2 * MAX_VISIBLE_CHARS].split()).replace(" | ", ".")
        is_line = len(shown) <= MAX_DATE_LINE_CHARS and len(LETTERS.findall(shown)) <= MAX_DATE_LINE_WORDS
        if not is_line and not OPENS_WITH_DAY.match(shown):
            continue
        dated = _dated(parse_visible(shown[:MAX_DATE_LINE_CHARS]), "text", context, structured=False)
        if dated is not None and dated.precision != "month":
            lines.append((2 if _is_aside(text.getparent()) else 0 if is_line else 1, dated))
    for _, dated in sorted(lines, key=lambda line: line[0]):
        yield dated


def _from_scripts(tree: HtmlElement, context: DateContext) -> Iterator[DatedBy]:
    """The dates with a time that short scripts write into the page (`showDate("2024/05/13 08:00")`)."""
    for text in SHORT_SCRIPTS(tree):
        if match := WRITTEN_DATE.search(text):
            yield from _one(_dated(parse_visible(match[1]), "text", context, structured=False))


def _from_links(tree: HtmlElement, context: DateContext) -> Iterator[DatedBy]:
    """The day that addresses in the page name more often than any other."""
    days = Counter(
        moment.wall
        for value in islice(ADDRESSES(tree), MAX_ADDRESSES)
        if len(value) <= MAX_ADDRESS_CHARS and (moment := url_day(value))
    )
    best = days.most_common(2)
    if best and (len(best) == 1 or best[0][1] > best[1][1]):
        yield from _one(_dated(Moment(best[0][0], "day"), "text", context, structured=False))


def from_feed(context: DateContext) -> DatedBy | None:
    """When the feed or sitemap that named the page says it was published, or None."""
    moment = parse_moment(context.feed_date) if context.feed_date else None
    return _dated(moment, "feed", context, structured=False)


def published(
    tree: HtmlElement, data: PageData, *, url: str | None, context: DateContext, title: str | None = None
) -> DatedBy | None:
    """When the page says it was published, or None when it does not say.

    The rule, where statements conflict: the first that can be true is believed, and one that can not (before the press
    had pages, after `fetched_at`, today's in a masthead) is passed over. In order: JSON-LD, meta tags, marked elements,
    time tags, the day in the address (before a time tag that nothing marks, where they are days apart), the line beside
    the heading that shows `title`, other dates shown as such; the search of the whole page runs only where none of
    these speaks, because it costs as much as the rest together. What the feed said comes last.
    """
    machine = (
        _from_json_ld(data, "datePublished", context)
        or _from_meta(data, META_PUBLISHED, context)
        or _from_itemprop(tree, ("datepublished", "datecreated"), context)
        or _from_json_ld(data, "dateCreated", context)
    )
    return (
        machine
        or _from_time_tags_or_address(tree, url, context)
        or _from_beside_headline(tree, title, context)
        or _from_marked_text(tree, context)
        or _from_under_heading(tree, context)
        or _from_stated_text(tree, context)
        or _from_whole_page(tree, url, context, changed_at=modified(tree, data, context=context))
        or from_feed(context)
    )


def modified(tree: HtmlElement, data: PageData, *, context: DateContext) -> datetime | None:
    """When the page says it was last changed, in UTC, or None when it does not say."""
    dated = (
        _from_json_ld(data, "dateModified", context)
        or _from_meta(data, META_MODIFIED, context)
        or _from_itemprop(tree, ("datemodified",), context)
    )
    return dated.at if dated else None


def warm_up_dates() -> None:
    """Nothing; afterwards htmldate's and dateparser's locales are in memory."""
    from htmldate.extractors import get_external_parser, month_words  # noqa: PLC0415

    month_words()
    get_external_parser().get_date_data("13 novembre 2024")
