"""The HTML route: one parse, main text by trafilatura, metadata by the page's own statements."""

import dataclasses
import re
from functools import partial
from html import unescape
from urllib.parse import urljoin, urlsplit

from lxml.etree import ElementDefaultClassLookup, ParserError
from lxml.html import HtmlComment, HtmlElement, HTMLParser, HtmlProcessingInstruction, document_fromstring
from trafilatura.utils import load_html

from tasks.extract.bylines import visible_authors
from tasks.extract.complexity import is_cut_off, without_deep_tags
from tasks.extract.dates import DateContext, modified, published
from tasks.extract.kinds import is_listing, is_teaser, shows_paywall, states_paywall
from tasks.extract.lines import n_chars, paragraphs
from tasks.extract.main_text import EXTRACTOR, find_main_text
from tasks.extract.page_data import ORGANISATION_TYPES, PageData, as_list, name_in, plain, read_page_data
from tasks.extract.people import json_ld_authors, meta_authors, outlet_words, people, spells_out
from tasks.extract.sections import find_section, find_tags, own_names
from tasks.extract.titles import find_title, fold_words, host_words, sitename_in_title
from tasks.extract.trimming import trim
from tasks.extract.urls import canonical_url
from tasks.records.article import Article

STANDARD_OPENING = re.compile(r"\s{0,99}(?:<!doctype html>|<html[\s>])", re.IGNORECASE)
CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")
# The two code points of the basic plane that are no characters.
NO_CHARACTERS = "\ufffe\uffff"
# libxml2's parser gives up the rest of a page at a text, script or attribute of 10 MB unless it is told that pages may
# be huge; then it also nests ten times deeper, which the readers of its trees do not bear.
MAX_NODE_CHARS = 9_000_000
UNPARSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]+")


def _parser(*, is_huge: bool) -> HTMLParser:
    return HTMLParser(
        collect_ids=False,
        default_doctype=False,
        encoding="utf-8",
        remove_comments=True,
        remove_pis=True,
        huge_tree=is_huge,
    )


HTML_PARSER = _parser(is_huge=False)
HUGE_PARSER = _parser(is_huge=True)
# lxml.html asks a Python function for the class of every element that is looked at; forms and fields are all it tells
# apart.
for parser in (HTML_PARSER, HUGE_PARSER):
    parser.set_element_class_lookup(
        ElementDefaultClassLookup(element=HtmlElement, comment=HtmlComment, pi=HtmlProcessingInstruction)
    )
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
# The text that JSON-LD states is believed where the page's own is less than this share of it: it has lost its tables,
# and often its paragraphs.
MIN_SHARE_OF_STATED = 0.6
STATED_EXTRACTOR = "json-ld-1"
BLOCK_END = re.compile(r"</(?:p|div|li|h[1-6])>|<br\s{0,9}/?>", re.IGNORECASE)
MARKUP = re.compile(r"<[^<>]{1,2000}>")
# What a reader sees without a word of text, and what holds text that no reader sees.
SHOWN_TAGS = frozenset({"img", "svg", "video", "audio", "iframe", "object", "embed", "form", "input", "picture"})
UNSEEN_TAGS = frozenset({"script", "style", "noscript", "template", "title", "head", "html"})


def parse_html(text: str) -> HtmlElement | None:
    """The tree of a page, or None when there is none in it.

    A page that opens as HTML does and has no character that libxml2 stumbles over is parsed at once; all others by
    trafilatura's loader, whose repairs cost as much again. Tags deeper than the parser bears are left out.
    """
    try:
        tree = _load(text)
        if isinstance(tree, HtmlElement) and is_cut_off(tree):
            tree = _load(without_deep_tags(text))
    except (ValueError, TypeError, ParserError):
        return None
    return _rooted(tree) if isinstance(tree, HtmlElement) else None


def _load(text: str) -> object:
    if len(text) > MAX_NODE_CHARS:
        return document_fromstring(UNPARSABLE.sub("", without_deep_tags(text)).encode(), parser=HUGE_PARSER)
    if STANDARD_OPENING.match(text) and (payload := _parsable(text)) is not None:
        return document_fromstring(payload, parser=HTML_PARSER)
    return load_html(text)


def _parsable(text: str) -> bytes | None:
    """A page in UTF-8, or None where it holds what libxml2 stumbles over."""
    try:
        payload = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return None
    # Thirty looks at memory take a tenth of the time of one regular expression.
    is_parsable = not any(code in payload for code in CONTROLS) and not any(char in text for char in NO_CHARACTERS)
    return payload if is_parsable else None


def _rooted(tree: HtmlElement) -> HtmlElement:
    """The tree under html and body where it has no such root: a fragment, which the libraries may try to drop whole."""
    if tree.tag == "html":
        return tree
    page = document_fromstring("<html><body></body></html>")
    page.body.append(tree)
    return page


def shows_nothing(text: str) -> bool:
    """Whether a page has nothing to see but scripts: no text in its body, no picture, no form."""
    tree = parse_html(text)
    if tree is None:
        return not text.strip()
    for element in tree.iter():
        if element.tag in SHOWN_TAGS:
            return False
        tails = element.tail if element.getparent() is not None and element.getparent().tag not in UNSEEN_TAGS else None
        own = None if element.tag in UNSEEN_TAGS or not isinstance(element.tag, str) else element.text
        if (own and not own.isspace()) or (tails and not tails.isspace()):
            return False
    return True


def find_sitename(data: PageData) -> str | None:
    """The outlet's name: og:site_name, the article's publisher, the WebSite or organisation node, the application."""
    publisher = next((name for node in data.articles if (name := name_in(node.get("publisher")))), None)
    sites = [name for node in data.nodes_of(("website", *ORGANISATION_TYPES)) if (name := plain(node.get("name")))]
    stated = data.first_meta("og:site_name") or publisher or next(iter(sites), None)
    fallback = data.first_meta(
        "dc.publisher", "publisher", "application-name", "apple-mobile-web-app-title", "twitter:site"
    )
    name = stated or (fallback.lstrip("@") if fallback else None)
    return None if name is None or name.startswith(("http:", "https:")) else name


def find_image(data: PageData, url: str | None) -> str | None:
    """The address of the main image: og:image, twitter:image, JSON-LD; relative ones resolved; no data: address."""
    stated = data.first_meta("og:image", "og:image:secure_url", "og:image:url", "twitter:image", "twitter:image:src")
    if stated is None:
        for node in data.articles:
            image = next(iter(as_list(node.get("image"))), None)
            stated = plain(image.get("url") or image.get("@id")) if isinstance(image, dict) else plain(image)
            if stated:
                break
    try:
        resolved = urljoin(url or "", stated or "")
        return resolved if urlsplit(resolved).scheme in ("http", "https") and stated else None
    except ValueError:
        return None


def find_canonical_link(tree: HtmlElement, data: PageData) -> str | None:
    """The page's own canonical link as it stands, else og:url."""
    for element in tree.iter("link"):
        if "canonical" in (element.get("rel") or "").lower().split() and element.get("href"):
            return str(element.get("href")).strip()
    return data.first_meta("og:url")


def find_declared_language(tree: HtmlElement, data: PageData) -> str | None:
    """The language the page claims, as it claims it: html lang, JSON-LD inLanguage, meta."""
    root = tree.getroottree().getroot()
    claims = [root.get("lang"), root.get("{http://www.w3.org/XML/1998/namespace}lang"), root.get("xml:lang")]
    for node in data.articles:
        claim = next(iter(as_list(node.get("inLanguage"))), None)
        claims.append(
            plain(claim.get("alternateName") or claim.get("name")) if isinstance(claim, dict) else plain(claim)
        )
    claims += [
        data.first_meta("content-language"),
        data.first_meta("language", "dc.language", "dcterms.language"),
        data.first_meta("og:locale"),
    ]
    return next((claim.strip() for claim in claims if claim and LANGUAGE_TAG.fullmatch(claim.strip())), None)


def find_authors(
    tree: HtmlElement, data: PageData, *, stated: str | None, sitename: str | None, url: str | None
) -> tuple[str, ...]:
    """The people named as authors: JSON-LD, else meta tags, else the byline that the page shows.

    The outlet is no author, unless nobody else is named: a personal site is called as its author is. For the same
    reason meta tags are believed where only the `<title>` names the outlet (`sitename` but not `stated`).
    """
    named = outlet_words(stated, _publisher(data))
    outlet = named | outlet_words(host_words(url))
    in_json_ld, in_meta = json_ld_authors(data), meta_authors(data)
    found = people(in_json_ld, organisations=outlet) or people(in_meta, organisations=outlet)
    if any(" " in name for name in found):
        return found
    shown = visible_authors(tree, organisations=outlet | outlet_words(sitename))
    if found:
        return shown if spells_out(shown, found) else found
    return shown or people(in_json_ld) or people(in_meta, organisations=named)


def _publisher(data: PageData) -> str | None:
    return next((name for node in data.articles if (name := name_in(node.get("publisher")))), None)


def extract_html(text: str, *, url: str | None, context: DateContext) -> Article | None:
    """What an HTML page says, or None when no article is found in it; its length is the caller's to judge."""
    tree = parse_html(text)
    if tree is None:
        return None
    data = read_page_data(tree)
    if is_listing(tree, data, url=url):
        return Article(text="", extractor=EXTRACTOR, is_listing=True)
    stated = find_sitename(data)
    sitename = stated or sitename_in_title(tree, url=url)
    title = find_title(tree, data, sitename=sitename, url=url)
    own = own_names(title=title, sitename=sitename, url=url)
    found = Article(
        text="",
        extractor=EXTRACTOR,
        title=title,
        description=data.first_meta("og:description", "description", "twitter:description", "dc.description"),
        section=find_section(tree, text, data, own=own, url=url),
        sitename=sitename,
        image_url=find_image(data, url),
        authors=find_authors(tree, data, stated=stated, sitename=sitename, url=url),
        tags=find_tags(tree, data, own=own),
        published=published(
            tree, data, url=url, context=context, title=None if fold_words(title) == fold_words(sitename) else title
        ),
        modified_at=modified(tree, data, context=context),
        canonical_url=canonical_url(url, find_canonical_link(tree, data)),
        declared_language=find_declared_language(tree, data),
        is_paywalled=states_paywall(data) or shows_paywall(tree, text),
    )
    # Last, for it uses the tree up.
    lines = trim(find_main_text(tree, url, parse_again=partial(parse_html, text)), title)
    extractor = EXTRACTOR
    stated_body = trim(stated_text(data), title)
    if n_chars(lines) < MIN_SHARE_OF_STATED * n_chars(stated_body):
        lines, extractor = stated_body, STATED_EXTRACTOR
    if not lines:
        return None
    body = "\n".join(lines)
    is_paywalled = bool(found.is_paywalled) and is_teaser(data, body)
    return dataclasses.replace(found, text=body, extractor=extractor, is_paywalled=is_paywalled)


def stated_text(data: PageData) -> list[str]:
    """The paragraphs of the longest articleBody that the page's JSON-LD states."""
    bodies = [body for node in data.articles for body in as_list(node.get("articleBody")) if isinstance(body, str)]
    marked = BLOCK_END.sub("\n", unescape(max(bodies, key=len, default="")))
    return paragraphs(MARKUP.sub(" ", marked))
