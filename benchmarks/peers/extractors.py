"""One page through each extractor, set as its own documentation sets it for pages that were fetched before.

Each gets the bytes and decodes them by its own means; none may open a connection (news-please and newspaper4k would
fetch images), and comments are left out where the library can, as Marsad leaves them out.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.bare import RawPage, extract


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an extractor made of a page: its text, None where it found none, or the class of what it raised."""

    url: str
    text: str | None = None
    error: str | None = None


def by_trafilatura_metadata(page: RawPage) -> str | None:
    """The text of `trafilatura.bare_extraction`, which also looks for title, date, authors and more."""
    document = extract(page, with_comments=False)
    return None if document is None else str(document.text)


def by_trafilatura_text(page: RawPage) -> str | None:
    """The text of `trafilatura.extract` with its default settings and no metadata."""
    import trafilatura

    url, html = page
    text: str | None = trafilatura.extract(html, url=url, include_comments=False)
    return text


def by_newsplease(page: RawPage) -> str | None:
    """The text of `NewsPlease.from_html`, with title, date, authors and language; decoded as `from_warc` decodes."""
    from bs4.dammit import EncodingDetector
    from newsplease import NewsPlease

    url, html = page
    declared = EncodingDetector.find_declared_encoding(html, is_html=True) or "utf-8"
    try:
        decoded = html.decode(declared, errors="replace")
    except LookupError:
        decoded = html.decode("utf-8", errors="replace")
    text: str | None = NewsPlease.from_html(decoded, url=url, fetch_images=False).maintext
    return text


def by_newspaper(page: RawPage) -> str | None:
    """The text of a parsed `newspaper.Article`, with title, date, authors and more."""
    from newspaper import Article

    url, html = page
    article = Article(url, fetch_images=False)
    article.download(input_html=html)
    article.parse()
    return str(article.text)


def by_resiliparse(page: RawPage) -> str | None:
    """The main content as resiliparse has it, without what is not article text.

    With its defaults, which keep comments, bylines, bullets and image texts, its text F1 on the first 60 sh pages
    is .899, not .939.
    """
    from resiliparse.extract.html2text import extract_plain_text
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    html = page[1]
    decoded = bytes_to_str(html, detect_encoding(html))
    return str(
        extract_plain_text(
            decoded, main_content=True, alt_texts=False, comments=False, list_bullets=False, post_meta=False
        )
    )


LIBRARIES: dict[str, Callable[[RawPage], str | None]] = {
    "trafilatura-metadata": by_trafilatura_metadata,
    "trafilatura-text": by_trafilatura_text,
    "news-please": by_newsplease,
    "newspaper4k": by_newspaper,
    "resiliparse": by_resiliparse,
}


def extract_chunk(name: str, pages: list[RawPage]) -> list[Outcome]:
    """The outcome of each page under one library."""
    return [_outcome(page, LIBRARIES[name]) for page in pages]


def _outcome(page: RawPage, extractor: Callable[[RawPage], str | None]) -> Outcome:
    try:
        return Outcome(url=page[0], text=extractor(page) or None)
    except Exception as error:  # the page boundary: what a peer raises is for the peer to choose
        return Outcome(url=page[0], error=type(error).__name__)
