"""The invented outlets of the test site: their pages, feeds, sitemaps, robots files, and what a fetch must bring.

Everything follows from an outlet's number, a page's number and its version, so that a test knows what each page is.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# Pages are of today: older ones are not asked for again.
FIRST = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=12)
FEED_ITEMS = 50
SITEMAP_URLS = 120
LANGUAGES = ("fr", "ar", "es", "en")
SENTENCES = {
    "fr": "Le conseil du port a examiné {n} fois le projet de quai numéro {k}, a déclaré la mairie de la ville mardi.",
    "ar": "ناقش مجلس الميناء مشروع الرصيف رقم {k} للمرة {n} خلال اجتماع يوم الثلاثاء، حسب ما أعلنته بلدية المدينة.",
    "es": "El consejo del puerto examinó {n} veces el proyecto del muelle número {k}, según declaró el ayuntamiento.",
    "en": "The harbour council looked at the plan for quay number {k} for the {n} time, the town hall said on Tuesday.",
}
TITLES = {"fr": "Quai {k} : le projet avance", "ar": "الرصيف {k}: المشروع يتقدم", "es": "El muelle {k} avanza",
          "en": "Quay {k}: the plan moves on"}  # fmt: skip
ENCODINGS = {"fr": ("utf-8", "iso-8859-1"), "ar": ("utf-8", "windows-1256"), "es": ("utf-8", "windows-1252"),
             "en": ("utf-8", "us-ascii")}  # fmt: skip
# How an outlet's pages are found.
STARTS = ("rss", "sitemap", "atom", "json", "section")
# Of a hundred pages: forbidden by robots.txt, no longer there, and reached through a redirect.
FORBIDDEN, GONE, MOVED = 97, 98, 3


@dataclass(frozen=True, slots=True)
class Outlet:
    """One invented outlet of `n_pages` pages."""

    number: int
    n_pages: int

    @property
    def host(self) -> str:
        """Its name."""
        return f"outlet-{self.number:02d}.example"

    @property
    def language(self) -> str:
        """The language it writes."""
        return LANGUAGES[self.number % len(LANGUAGES)]

    @property
    def encoding(self) -> str:
        """The encoding of its pages."""
        return ENCODINGS[self.language][self.number // len(LANGUAGES) % 2]

    @property
    def start(self) -> str:
        """How its pages are found."""
        return STARTS[self.number % len(STARTS)]

    def start_path(self) -> str:
        """The path of its start point."""
        return {"rss": "/feed.xml", "atom": "/atom.xml", "json": "/feed.json", "sitemap": "/sitemap.xml",
                "section": "/news/"}[self.start]  # fmt: skip

    def path(self, page: int) -> str:
        """The path of a page."""
        folder = "private" if page % 100 == FORBIDDEN else "news"
        return f"/{folder}/2024/{page:05d}-quay.html"

    def link(self, page: int) -> str:
        """The link to a page, as feeds and sitemaps name it: with tracking at times, or through a redirect."""
        if page % 100 == MOVED:
            return f"/r/{page}"
        return self.path(page) + ("?utm_source=feed&utm_medium=rss" if page % 7 == 0 else "")

    def published(self, page: int) -> datetime:
        """When a page says it was published."""
        return FIRST + timedelta(minutes=page % 600)

    def expected(self) -> Iterator[str]:
        """The paths of the pages that a fetch must archive, once each."""
        return (self.path(page) for page in range(self.n_pages) if page % 100 not in (FORBIDDEN, GONE))

    def html(self, page: int, version: int) -> bytes:
        """A page, of about 30 KB."""
        key = self.number * 100_000 + page
        lines = [SENTENCES[self.language].format(n=n + 1 + version * 100, k=key) for n in range(12)]
        body = "".join(f"<p>{line}</p>\n" for line in lines)
        digests = (hashlib.sha256(f"{key}-{n}".encode()).hexdigest() for n in range(200))
        filler = "".join(f'<li class="m"><a href="/news/tag-{digest}">a longer tag</a></li>\n' for digest in digests)
        html = (
            f'<!DOCTYPE html><html lang="{self.language}"><head><meta charset="{self.encoding}">'
            f"<title>{self.title(page)}</title></head><body><nav><ul>{filler}</ul></nav>"
            f"<article><h1>{self.title(page)}</h1>\n{body}</article></body></html>"
        )
        return html.encode(self.encoding, "xmlcharrefreplace")

    def title(self, page: int) -> str:
        """The headline of a page."""
        return TITLES[self.language].format(k=self.number * 100_000 + page)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server says: status, content type, body; `location` of a redirect."""

    status: int
    body: bytes = b""
    content_type: str = "text/html"
    location: str | None = None

    @property
    def etag(self) -> str:
        """The entity tag of the body."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'


@dataclass(frozen=True, slots=True)
class Site:
    """All outlets, served on one port; `changed` pages of each outlet are in their second version."""

    outlets: tuple[Outlet, ...]
    port: int
    n_changed: int = 0

    def reply(self, host: str, target: str) -> Reply:
        """The answer to GET of a target at an outlet's host."""
        outlet = next((outlet for outlet in self.outlets if outlet.host == host), None)
        if outlet is None:
            return Reply(404)
        path, _, query = target.partition("?")
        if path == "/":
            return self._home(outlet)
        makers = {"/robots.txt": self._robots, "/feed.xml": self._rss, "/atom.xml": self._atom,
                  "/feed.json": self._json, "/sitemap.xml": self._sitemap_index, "/news/": self._section}  # fmt: skip
        if path in makers:
            return makers[path](outlet, int(query.removeprefix("page=") or 0) if query.startswith("page=") else 0)
        if path.startswith("/sitemap-"):
            return self._sitemap(outlet, int(path.removeprefix("/sitemap-").removesuffix(".xml")))
        if path.startswith("/r/"):
            return Reply(301, location=outlet.path(int(path[3:])))
        return self._page(outlet, path)

    def _page(self, outlet: Outlet, path: str) -> Reply:
        number = path.rpartition("/")[2].partition("-")[0]
        page = int(number) if number.isdigit() else -1
        if not 0 <= page < outlet.n_pages or page % 100 == GONE or path != outlet.path(page):
            return Reply(404, b"<html><body>Not here</body></html>")
        # The encoding stands in the page, and in the header of every second outlet.
        charset = f"; charset={outlet.encoding}" if outlet.number % 2 else ""
        return Reply(200, outlet.html(page, version=int(page < self.n_changed)), f"text/html{charset}")

    def _base(self, outlet: Outlet) -> str:
        return f"http://{outlet.host}:{self.port}"

    def _home(self, outlet: Outlet) -> Reply:
        """The home page, which names its feed as pages do; an outlet of sitemaps names it in its robots.txt."""
        kind = {"rss": "rss+xml", "atom": "atom+xml", "json": "feed+json"}.get(outlet.start)
        link = f'<link rel="alternate" type="application/{kind}" href="{outlet.start_path()}">' if kind else ""
        head = f'<!DOCTYPE html><html lang="{outlet.language}"><head><title>{outlet.host}</title>{link}</head>'
        return Reply(200, f"{head}<body><h1>{outlet.host}</h1></body></html>".encode())

    def _robots(self, outlet: Outlet, _: int) -> Reply:
        sitemap = f"Sitemap: {self._base(outlet)}/sitemap.xml\n" if outlet.start == "sitemap" else ""
        return Reply(200, f"User-agent: *\nDisallow: /private/\n{sitemap}".encode(), "text/plain")

    def _pages(self, outlet: Outlet, part: int, size: int) -> range:
        return range(part * size, min(outlet.n_pages, (part + 1) * size))

    def _rss(self, outlet: Outlet, part: int) -> Reply:
        base = self._base(outlet)
        items = "".join(
            f"<item><title>{outlet.title(page)}</title><link>{base}{outlet.link(page).replace('&', '&amp;')}</link>"
            f"<pubDate>{outlet.published(page):%a, %d %b %Y %H:%M:%S} GMT</pubDate>"
            "<dc:creator>Nadia Berrada</dc:creator></item>\n"
            for page in self._pages(outlet, part, FEED_ITEMS)
        )
        more = f'<atom:link rel="next" href="{base}/feed.xml?page={part + 1}"/>' if self._has_more(outlet, part) else ""
        return Reply(
            200,
            (
                f'<?xml version="1.0" encoding="{outlet.encoding}"?><rss version="2.0" '
                'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">'
                f"<channel><title>{outlet.host}</title><link>{base}/</link>"
                f"{more}{items}</channel></rss>"
            ).encode(outlet.encoding, "xmlcharrefreplace"),
            "application/rss+xml",
        )

    def _has_more(self, outlet: Outlet, part: int) -> bool:
        return (part + 1) * FEED_ITEMS < outlet.n_pages

    def _atom(self, outlet: Outlet, part: int) -> Reply:
        base = self._base(outlet)
        entries = "".join(
            f"<entry><id>tag:{outlet.host},2024:{page}</id><title>{outlet.title(page)}</title>"
            f'<link rel="alternate" href="{outlet.link(page).replace("&", "&amp;")}"/>'
            f"<published>{outlet.published(page).isoformat()}</published><updated>{outlet.published(page).isoformat()}</updated>"
            f"</entry>\n"
            for page in self._pages(outlet, part, FEED_ITEMS)
        )
        more = f'<link rel="next" href="/atom.xml?page={part + 1}"/>' if self._has_more(outlet, part) else ""
        return Reply(
            200,
            (
                f'<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:base="{base}/">'
                f"<id>{base}/</id><title>{outlet.host}</title><updated>2024-06-01T00:00:00Z</updated>{more}{entries}</feed>"
            ).encode(),
            "application/atom+xml",
        )

    def _json(self, outlet: Outlet, part: int) -> Reply:
        import json  # noqa: PLC0415 - the only feed that needs it

        base = self._base(outlet)
        feed = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": outlet.host,
            "items": [
                {"id": str(page), "url": base + outlet.link(page), "title": outlet.title(page),
                 "date_published": outlet.published(page).isoformat()}
                for page in self._pages(outlet, part, FEED_ITEMS)
            ],
        }  # fmt: skip
        if self._has_more(outlet, part):
            feed["next_url"] = f"{base}/feed.json?page={part + 1}"
        return Reply(200, json.dumps(feed, ensure_ascii=False).encode(), "application/feed+json")

    def _sitemap_index(self, outlet: Outlet, _: int) -> Reply:
        n_parts = -(-outlet.n_pages // SITEMAP_URLS)
        parts = "".join(f"<sitemap><loc>{self._base(outlet)}/sitemap-{n}.xml</loc></sitemap>" for n in range(n_parts))
        return Reply(200, _sitemap_xml("sitemapindex", parts), "application/xml")

    def _sitemap(self, outlet: Outlet, part: int) -> Reply:
        base = self._base(outlet)
        urls = "".join(
            f"<url><loc>{base}{outlet.link(page).replace('&', '&amp;')}</loc>"
            f"<lastmod>{outlet.published(page).isoformat()}</lastmod></url>\n"
            for page in self._pages(outlet, part, SITEMAP_URLS)
        )
        return Reply(200, _sitemap_xml("urlset", urls), "application/xml")

    def _section(self, outlet: Outlet, part: int) -> Reply:
        links = "".join(
            f'<h2><a href="{outlet.link(page)}">{outlet.title(page)}</a></h2>\n'
            for page in self._pages(outlet, part, FEED_ITEMS)
        )
        more = f'<a rel="next" href="/news/?page={part + 1}">2</a>' if self._has_more(outlet, part) else ""
        head = f'<!DOCTYPE html><html lang="{outlet.language}"><head><meta charset="{outlet.encoding}">'
        html = f"{head}<title>{outlet.host}</title></head><body><main>{links}</main>{more}</body></html>"
        return Reply(200, html.encode(outlet.encoding, "xmlcharrefreplace"))


def _sitemap_xml(root: str, content: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        f"{content}</{root}>"
    ).encode()
