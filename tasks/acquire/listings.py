"""Section pages and lists of URLs -> the pages they name."""

import csv
import io
import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import lxml.html
from lxml import etree

from tasks.acquire.encodings import codec_of
from tasks.acquire.found import Collector, Feed, is_same_site, plain_text, web_url
from tasks.acquire.stated_dates import iso_date
from tasks.records.fetches import FoundUrl

MAX_SECTION_BYTES = 10_000_000
MAX_ANCHORS = 20_000
MAX_SECTION_LINKS = 1_000
MAX_NEXT = 3
MAX_LIST_URLS = 100_000
MAX_LIST_BYTES = 50_000_000
MAX_ANCHOR_CHARS = 2_000

# Parts of a path that stand before lists, forms and files, never before an article. courlan's filters are not used:
# they take `?p=123`, an article's address on WordPress, and `/topic/...` for navigation, and know four languages.
_NO_ARTICLE = (
    "tag tags category categories categorie categoria categorias page pages pagina author authors auteur auteurs autor "
    "autores user users search recherche buscar busqueda login signin signup register subscribe subscription "
    "abonnement abonnements suscripcion newsletter newsletters account compte cuenta contact contacts contacto about "
    "about-us a-propos privacy privacidad terms cookies legal mentions-legales advertise publicite publicidad sitemap "
    "rss feed feeds wp-admin wp-login.php wp-content wp-json cart panier carrito video-categories وسم وسوم تصنيف "
    "تصنيفات كاتب بحث صفحة اتصل-بنا من-نحن الاشتراك"
)
NO_ARTICLE = frozenset(_NO_ARTICLE.split())
NO_PAGE = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|pdf|mp[34]|m4a|ogg|webm|avi|mov|zip|gz|tar|rar|7z|exe|apk|docx?|xlsx?|pptx?|"
    r"css|js|json|xml|rss|atom|woff2?|ttf)$"
)
NO_ARTICLE_RELATIONS = frozenset(
    ["tag", "author", "category", "search", "help", "license", "prev", "next", "alternate"]
)
# A headline has four words, or as many letters in scripts that part none.
HEADLINE_WORDS, HEADLINE_CHARS, UNPARTED_CHARS = 4, 20, 10
UNPARTED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
SLUG_WORDS = 4
ID_DIGITS = re.compile(r"\d{5,}")
DAY_IN_PATH = re.compile(r"/(?:19|20)\d\d[/-]\d{1,2}/")
WORD_BREAKS = re.compile(r"[-_.+\s]+")

COLUMNS = {"url": ("url", "link", "address", "loc"), "title": ("title", "headline"), "published": ("published", "date")}


def section_links(content: bytes, *, url: str, encoding: str | None = None) -> Feed:
    """The pages that a section page links to as articles, with the headline of the link; further pages as `section`.

    A link counts when it is of the same registered domain and either its text reads like a headline or its path like an
    article's; menus, footers and forms do not count. At most MAX_SECTION_BYTES and MAX_SECTION_LINKS; never an
    exception.
    """
    tree = html_tree(content[:MAX_SECTION_BYTES], encoding=encoding)
    if tree is None:
        return Feed(error="no HTML")
    base = base_of(tree, url)
    titles: dict[str, str | None] = {}
    n_left_out = 0
    for link, text, relations in _anchors(tree, base=base):
        if not _may_be_article(link, url=url, relations=relations):
            n_left_out += 1
        elif link in titles or is_headline(text) or _is_article_path(link):
            titles[link] = _better_title(titles.get(link), text)
        else:
            n_left_out += 1
    pages = [FoundUrl(url=link, title=title) for link, title in list(titles.items())[:MAX_SECTION_LINKS]]
    further = [FoundUrl(url=link, kind="section") for link in _next_pages(tree, base=base, url=url)]
    is_cut = len(titles) > MAX_SECTION_LINKS
    return Feed(
        items=(*pages, *further),
        title=plain_text(tree.findtext(".//title"), is_markup=False),
        n_left_out=n_left_out + max(len(titles) - MAX_SECTION_LINKS, 0),
        error=f"more than {MAX_SECTION_LINKS} links; the rest was left out" if is_cut else None,
    )


def html_tree(content: bytes, *, encoding: str | None) -> lxml.html.HtmlElement | None:
    """The elements of a page, or None for a page that has none; never an exception."""
    codec = codec_of(content, encoding=encoding)
    text = content.decode(codec, "replace").encode("utf-8", "replace").replace(b"\0", b"")
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, recover=True)
    try:
        return lxml.html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing but white space or comments
        return None


def base_of(tree: lxml.html.HtmlElement, url: str) -> str:
    """The address that the links of a page are relative to."""
    stated = next((element.get("href") for element in tree.iter("base") if element.get("href")), None)
    return web_url(stated, base=url) or url


def _anchors(tree: lxml.html.HtmlElement, *, base: str) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Address, text and relations of each link outside of menus, footers and forms."""
    n_anchors = n_in_chrome = 0
    for event, element in etree.iterwalk(tree, events=("start", "end"), tag=("nav", "footer", "form", "a")):
        if element.tag != "a":
            n_in_chrome += 1 if event == "start" else -1
        elif event == "end" and not n_in_chrome:
            link = web_url(element.get("href"), base=base)
            n_anchors += 1
            if n_anchors > MAX_ANCHORS:
                return
            if link:
                yield link, _anchor_text(element), frozenset(element.get("rel", "").lower().split())


def _anchor_text(element: lxml.html.HtmlElement) -> str:
    """The text of a link: of the heading in it where there is one, else of all of it; else its title attribute."""
    heading = next(element.iter("h1", "h2", "h3", "h4"), element)
    pieces, n_chars = [], 0
    for piece in heading.itertext():
        pieces.append(piece)
        n_chars += len(piece)
        if n_chars > MAX_ANCHOR_CHARS:
            break
    return " ".join(" ".join(pieces).split())[:MAX_ANCHOR_CHARS] or " ".join(element.get("title", "").split())


def is_headline(text: str) -> bool:
    """Whether the text of a link is long enough for a headline, and not so long that it is a paragraph."""
    if len(text) > 300:
        return False
    if UNPARTED.search(text):
        return len(text) >= UNPARTED_CHARS
    return len(text) >= HEADLINE_CHARS and len(text.split()) >= HEADLINE_WORDS


def _may_be_article(link: str, *, url: str, relations: frozenset[str]) -> bool:
    parsed = urlsplit(link)
    path = unquote(parsed.path).lower()
    return not (
        relations & NO_ARTICLE_RELATIONS
        or (path in ("", "/") and not parsed.query)
        or (not parsed.query and link.rstrip("/") == url.partition("#")[0].partition("?")[0].rstrip("/"))
        or NO_ARTICLE.intersection(path.split("/"))
        or NO_PAGE.search(path[-8:])
        or not is_same_site(link, url)
    )


def _is_article_path(link: str) -> bool:
    """Whether a path ends in a slug of several words or a number, or holds a day."""
    parsed = urlsplit(link)
    path = unquote(parsed.path)
    last = path.rstrip("/").rpartition("/")[2]
    n_words = sum(bool(word) for word in WORD_BREAKS.split(last))
    return n_words >= SLUG_WORDS or bool(ID_DIGITS.search(last)) or bool(DAY_IN_PATH.search(path))


def _better_title(known: str | None, text: str) -> str | None:
    """The longer headline of two links to one page; a picture's link has none."""
    stated = plain_text(text, is_markup=False) if is_headline(text) else None
    return max(known, stated, key=len) if known and stated else known or stated


def _next_pages(tree: lxml.html.HtmlElement, *, base: str, url: str) -> list[str]:
    found = (
        web_url(element.get("href"), base=base)
        for element in tree.iter("link", "a")
        if "next" in element.get("rel", "").lower().split()
    )
    own = [link for link in found if link and link != url and is_same_site(link, url)]
    return list(dict.fromkeys(own))[:MAX_NEXT]


def url_list(content: bytes, *, name: str, max_urls: int = MAX_LIST_URLS) -> Feed:
    """The URLs of a text (one a line, `#` begins a comment) or of a CSV file, by its name or its first line.

    The column of a CSV is named url, link, address or loc, else it is the first that holds a URL; columns named title,
    headline, published or date are taken over. Separators: comma, semicolon, tab. Never an exception.
    """
    text = content[:MAX_LIST_BYTES].decode(codec_of(content[:MAX_LIST_BYTES]), "replace").removeprefix("\ufeff")
    first = next(iter(text[:10_000].lstrip().splitlines()), "")
    is_table = name.lower().endswith((".csv", ".tsv")) or _has_header(first)
    rows = _table(text, separator=_separator(first)) if is_table else _lines(text)
    items, error = Collector(max_items=max_urls), None
    try:
        for found in rows:
            if items.is_full:
                error = f"more than {max_urls} URLs; the rest was not read"
                break
            items.add(found)
    except csv.Error as problem:  # a cell of more than 128 KB, as of a quote that never ends
        error = f"not CSV: {problem}; the rest was not read"
    if len(content) > MAX_LIST_BYTES:
        error = error or f"longer than {MAX_LIST_BYTES} bytes; the rest was not read"
    if not items.items:
        error = error or "no URL in it"
    return Feed(items=items.items, n_left_out=items.n_left_out, error=error)


def _found(link: str, *, title: str | None = None, published: str | None = None) -> FoundUrl | None:
    url = web_url(link, base="")
    if url is None:
        return None
    return FoundUrl(url=url, title=plain_text(title, is_markup=False), published=iso_date(published))


def _lines(text: str) -> Iterator[FoundUrl | None]:
    for line in io.StringIO(text, newline=None):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            yield _found(bare.partition(" #")[0])


def _separator(line: str) -> str:
    return max(",;\t", key=line.count)


def _has_header(line: str) -> bool:
    """Whether a line names the column of URLs."""
    return any(_header(line.split(separator)) is not None for separator in ",;\t")


def _header(cells: list[str]) -> dict[str, int] | None:
    """Which column holds what, by the names in the first row; None where none is that of URLs."""
    names = [cell.strip(' "').lower() for cell in cells]
    found = {
        column: next((names.index(alias) for alias in aliases if alias in names), -1)
        for column, aliases in COLUMNS.items()
    }
    return found if found["url"] >= 0 else None


def _table(text: str, *, separator: str) -> Iterator[FoundUrl | None]:
    columns: dict[str, int] | None = None
    for number, row in enumerate(_rows(text, separator)):
        if number == 0:
            columns = _header(row)
            if columns is not None:
                continue
        if columns is None:
            first = next((index for index, cell in enumerate(row) if web_url(cell, base="")), -1)
            columns = {"url": first, "title": -1, "published": -1} if first >= 0 else None
        if columns is not None:
            cells = {name: row[at] if 0 <= at < len(row) else None for name, at in columns.items()}
            yield _found(cells["url"] or "", title=cells["title"], published=cells["published"])
        elif number > 0:
            yield None


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    """The rows of a CSV text that are not empty."""
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=separator)
    return (row for row in reader if any(cell.strip() for cell in row))
