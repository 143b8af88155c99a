"""Writes the sample pages of `data/raw` and their expected rows, byte for byte the same every time.

    python tests/samples/build.py            # rewrites data/raw and tests/samples/expected.jsonl
    python tests/samples/build.py --out DIR  # the same into DIR/raw and DIR/expected.jsonl

The prose and the truth are written by hand in `articles/`, the page furniture in `templates/`, the places, times and
wrappings in `layout.yaml`. This program only renders, encodes and wraps. Nothing takes today's date or a random number:
gzip headers carry no time, zip members the capture time, WARC record ids are UUIDv5 of file and position.
"""

import argparse
import base64
import hashlib
import html
import io
import json
import uuid
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
import yaml
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
TRUTH_FIELDS = (
    "kind", "language", "declared_language", "title", "authors", "published_at", "published_precision",
    "sitename", "canonical_url", "with", "without", "entities",
)  # fmt: skip
LIST_FIELDS = ("authors", "with", "without", "entities")


class SampleError(Exception):
    """A sample contradicts itself; the message names the page and what was due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One paragraph, subheading or quotation of an article."""

    tag: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as written in `articles/*.yaml`; `charset` is how its bytes are, `declared_charset` what it says."""

    key: str
    url: str
    truth: dict[str, Any]
    template: str
    title: str | None = None
    canonical: str | None = None
    section: str | None = None
    head_title: str | None = None
    og_title: str | None = None
    masthead: str | None = None
    shown_date: str | None = None
    byline: str | None = None
    json_ld: dict[str, Any] | None = None
    published_meta: str | None = None
    modified_meta: str | None = None
    author_meta: str | None = None
    html_lang: str | None = None
    charset: str = "utf-8"
    declared_charset: str = "utf-8"
    layout: str = "article"
    body: str = ""
    body_from: str | None = None
    after: str = ""
    faq: list[dict[str, Any]] = field(default_factory=list)
    items: list[list[str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One page at one moment: where it lies and how it came."""

    page: str
    fetched_at: str
    file: str = ""
    source: str = ""
    zone: str = "UTC"
    encoding: str = ""
    http_status: str = "200 OK"
    revisit_of: str | None = None
    with_request: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One file (WARC, JSONL, zip) or one folder of loose pages, and its captures in order."""

    path: str
    captures: tuple[Capture, ...]


def blocks_of(text: str) -> list[Block]:
    """Return the blocks of a hand-written body: blank lines separate, `## ` is a subheading, `> ` a quotation."""
    marks = {"## ": "h2", "> ": "blockquote"}
    blocks = []
    for part in filter(None, (piece.strip() for piece in text.split("\n\n"))):
        mark = next((m for m in marks if part.startswith(m)), "")
        blocks.append(Block(tag=marks.get(mark, "p"), text=part.removeprefix(mark)))
    return blocks


def read_yaml(path: Path) -> Any:
    """Return the content of one hand-written file."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def load_pages() -> dict[str, Page]:
    """Return every page by its key; one with `body_from` begins with the other page's body (a reprint, an update)."""
    pages: dict[str, Page] = {}
    for path in sorted((HERE / "articles").glob("*.yaml")):
        content = read_yaml(path)
        if isinstance(content, list):
            continue  # a list of headlines, not an outlet
        for key, written in content["pages"].items():
            pages[key] = Page(key=key, **({"template": content["outlet"]["template"]} | written))
    return {key: with_borrowed_body(page, pages) for key, page in pages.items()}


def with_borrowed_body(page: Page, pages: Mapping[str, Page]) -> Page:
    """Return the page with the body it borrows put before its own."""
    if page.body_from is None:
        return page
    return replace(page, body=f"{pages[page.body_from].body}\n\n{page.body}")


def load_layout() -> dict[str, list[Container]]:
    """Return the containers of each kind (loose, jsonl, zip, warc)."""
    layout: dict[str, list[dict[str, Any]]] = read_yaml(HERE / "layout.yaml")
    return {kind: [to_container(entry) for entry in entries] for kind, entries in layout.items()}


def to_container(entry: Mapping[str, Any]) -> Container:
    """Return one container; its source holds for every capture that names none."""
    captures = (Capture(**({"source": entry.get("source", "")} | written)) for written in entry["pages"])
    return Container(path=entry.get("file") or entry["folder"], captures=tuple(captures))


class Renderer:
    """Pages to bytes, through one Jinja environment for HTML and one for plain text."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        """Prepare both environments; `pages` are those that may be rendered."""
        self.pages = pages
        self.headlines: list[str] = read_yaml(HERE / "articles" / "headlines-fr.yaml")
        loader = jinja2.FileSystemLoader(HERE / "templates")
        self.html = jinja2.Environment(
            loader=loader, finalize=escape_text, undefined=jinja2.StrictUndefined, autoescape=False
        )
        self.html.filters["attr"] = lambda value: markupsafe.Markup(html.escape(value, quote=True))
        self.html.globals["ld"] = to_json_ld
        self.text = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, autoescape=False)

    def render(self, key: str) -> bytes:
        """Return the bytes of one page as its server sent them, before any transfer or content coding."""
        page = self.pages[key]
        if page.layout in {"nothing", "revisit"}:
            return b""
        if page.layout == "png":
            return PNG
        if page.layout == "binary":
            return binary_noise(2048)
        return self.render_text(page).encode(page.charset)

    def render_text(self, page: Page) -> str:
        """Return the markup or plain text of one page, ending in a newline."""
        own = {"scripts_only": "scripts-only.html.j2", "not_found": "not-found.html.j2", "form": "form.html.j2"}
        name = own.get(page.layout, page.template)
        environment = self.html if name.endswith(".html.j2") else self.text
        return (
            environment.get_template(name).render(
                p=page,
                blocks=blocks_of(page.body),
                after=blocks_of(page.after),
                headlines=self.headlines,
                declared_charset=page.declared_charset,
            )
            + "\n"
        )


def escape_text(value: object) -> object:
    """Return a template value with markup escaped and apostrophes left alone, so that snippets stay literal."""
    if isinstance(value, str) and not isinstance(value, markupsafe.Markup):
        return html.escape(value, quote=False)
    return value


def to_json_ld(value: object) -> markupsafe.Markup:
    """Return a JSON-LD body that cannot close its own script element."""
    return markupsafe.Markup(json.dumps(value, ensure_ascii=False).replace("</", "<\\/"))


def binary_noise(n_bytes: int) -> bytes:
    """Return bytes that begin like a JPEG and go on as noise, always the same."""
    blocks = (hashlib.sha256(b"marsad" + number.to_bytes(4, "big")).digest() for number in range(n_bytes // 32))
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"".join(blocks)


def gzip_bytes(data: bytes) -> bytes:
    """Return one gzip member without time or name."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS + 16)
    return compressor.compress(data) + compressor.flush()


def chunk_bytes(data: bytes, *, size_bytes: int = 1500) -> bytes:
    """Return the body in HTTP chunked transfer coding."""
    parts = [data[start : start + size_bytes] for start in range(0, len(data), size_bytes)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def json_line(row: Mapping[str, object]) -> bytes:
    """Return one JSON object as a UTF-8 line."""
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file, leaving one that already says the same untouched."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)


def media_type(page: Page) -> str:
    """Return the Content-Type the server claims."""
    if page.layout == "png":
        return "image/png"
    return f"text/{'plain' if page.template.endswith('.txt.j2') else 'html'}; charset={page.declared_charset}"


Placed = tuple[str, Capture]
"""The raw_path of a record and its capture."""


def write_loose(container: Container, raw: Path, renderer: Renderer) -> Iterator[Placed]:
    """Write a folder of loose pages with its meta.jsonl."""
    lines = []
    for capture in container.captures:
        page = renderer.pages[capture.page]
        data = renderer.render(page.key)
        write_bytes(raw / container.path / capture.file, gzip_bytes(data) if capture.file.endswith(".gz") else data)
        row = {"file": capture.file, "url": page.url, "fetched_at": capture.fetched_at, "source": capture.source}
        lines.append(json_line(row | {"headers": {"content-type": media_type(page)}}))
        yield f"{container.path}/{capture.file}", capture
    write_bytes(raw / container.path / "meta.jsonl", b"".join(lines))


def write_jsonl(container: Container, raw: Path, renderer: Renderer) -> Iterator[Placed]:
    """Write one JSON Lines file: `html` for markup, `text` for pages saved as plain text."""
    lines = []
    for number, capture in enumerate(container.captures, start=1):
        page = renderer.pages[capture.page]
        form = "text" if page.template.endswith(".txt.j2") else "html"
        row = {"url": page.url, form: renderer.render(page.key).decode(), "fetched_at": capture.fetched_at}
        lines.append(json_line(row | {"source": capture.source, "headers": {"content-type": media_type(page)}}))
        yield f"{container.path}#{number}", capture
    data = b"".join(lines)
    write_bytes(raw / container.path, gzip_bytes(data) if container.path.endswith(".gz") else data)


def write_zip(container: Container, raw: Path, renderer: Renderer) -> Iterator[Placed]:
    """Write one zip whose members carry the capture times (zip keeps even seconds only)."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for capture in container.captures:
            moment = datetime.fromisoformat(capture.fetched_at)
            if moment.second % 2:
                raise SampleError(f"{capture.file}: fetched_at {capture.fetched_at}; a zip time has even seconds")
            member = zipfile.ZipInfo(capture.file, date_time=moment.timetuple()[:6])
            member.create_system = 3
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, renderer.render(capture.page), compresslevel=9)
            yield f"{container.path}!{capture.file}", capture
    write_bytes(raw / container.path, buffer.getvalue())


class WarcFile:
    """One WARC 1.1 file in memory, one gzip member a record."""

    def __init__(self, name: str) -> None:
        """Begin an empty file; `name` seeds the record ids."""
        self.name = name
        self.buffer = io.BytesIO()
        self.writer = WARCWriter(self.buffer, gzip=True, warc_version="1.1")
        self.n_records = 0

    def add(
        self,
        kind: str,
        uri: str,
        payload: bytes,
        *,
        headers: Mapping[str, str],
        http: StatusAndHeaders | None = None,
    ) -> int:
        """Append one record and return the byte offset of its gzip member."""
        offset = self.buffer.tell()
        self.n_records += 1
        record_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.name}#{self.n_records}")
        record = self.writer.create_warc_record(
            uri,
            kind,
            payload=io.BytesIO(payload),
            length=len(payload),
            http_headers=http,
            warc_headers_dict={"WARC-Record-ID": f"<urn:uuid:{record_id}>", **headers},
        )
        self.writer.write_record(record)
        return offset


def response_headers(page: Page, capture: Capture, body: bytes) -> StatusAndHeaders:
    """Return the HTTP head of a response as a plausible server sends it."""
    headers = [("Server", "nginx"), ("Date", http_date(capture.fetched_at)), ("Content-Type", media_type(page))]
    if "gzip" in capture.encoding:
        headers.append(("Content-Encoding", "gzip"))
    if "chunked" in capture.encoding:
        headers.append(("Transfer-Encoding", "chunked"))
    else:
        headers.append(("Content-Length", str(len(body))))
    return StatusAndHeaders(capture.http_status, headers, protocol="HTTP/1.1")


def http_date(instant: str) -> str:
    """Return an instant in the form of HTTP headers, in English whatever the locale."""
    moment = datetime.fromisoformat(instant)
    day = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[moment.weekday()]
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * moment.month - 3 : 3 * moment.month]
    return f"{day}, {moment:%d} {month} {moment:%Y %H:%M:%S} GMT"


def encode_body(data: bytes, encoding: str) -> bytes:
    """Return the body after content and transfer coding."""
    coded = gzip_bytes(data) if "gzip" in encoding else data
    return chunk_bytes(coded) if "chunked" in encoding else coded


def write_warc(container: Container, raw: Path, renderer: Renderer, seen: dict[str, Capture]) -> Iterator[Placed]:
    """Write one WARC file; `seen` remembers captures that later revisits refer to."""
    warc = WarcFile(container.path)
    first = {"WARC-Date": container.captures[0].fetched_at, "WARC-Filename": Path(container.path).name}
    info = b"software: marsad sample builder\r\nformat: WARC File Format 1.1\r\n"
    warc.add("warcinfo", "", info, headers=first)
    for capture in container.captures:
        seen[capture.page] = capture
        offset = add_revisit(warc, capture, renderer, seen) if capture.revisit_of else add_page(warc, capture, renderer)
        yield f"{container.path}#{offset}", capture
    write_bytes(raw / container.path, warc.buffer.getvalue())


def warc_headers(capture: Capture) -> dict[str, str]:
    """Return what the fetch flow writes on every response: the time, the outlet and its zone."""
    return {"WARC-Date": capture.fetched_at, "Marsad-Source": capture.source, "Marsad-Zone": capture.zone}


def add_page(warc: WarcFile, capture: Capture, renderer: Renderer) -> int:
    """Add one response, and where asked its request and a metadata record; return the response's offset."""
    page = renderer.pages[capture.page]
    body = encode_body(renderer.render(page.key), capture.encoding)
    head = response_headers(page, capture, body)
    offset = warc.add("response", page.url, body, headers=warc_headers(capture), http=head)
    if capture.with_request:
        date = {"WARC-Date": capture.fetched_at}
        host, _, path = page.url.removeprefix("https://").partition("/")
        asked = StatusAndHeaders(
            f"GET /{path} HTTP/1.1", [("Host", host), ("Accept", "text/html")], is_http_request=True
        )
        warc.add("request", page.url, b"", headers=date, http=asked)
        warc.add("metadata", page.url, b"fetchTimeMs: 184\r\n", headers=date)
    return offset


def add_revisit(warc: WarcFile, capture: Capture, renderer: Renderer, seen: Mapping[str, Capture]) -> int:
    """Add one revisit record that refers to an earlier capture of the same address."""
    page = renderer.pages[capture.page]
    before = seen[capture.revisit_of or ""]
    body = encode_body(renderer.render(before.page), before.encoding)
    headers = warc_headers(capture) | {
        "WARC-Profile": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
        "WARC-Refers-To-Target-URI": renderer.pages[before.page].url,
        "WARC-Refers-To-Date": before.fetched_at,
        "WARC-Payload-Digest": "sha1:" + base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode(),
    }
    head = StatusAndHeaders("200 OK", [("Server", "nginx"), ("Content-Type", media_type(page))], protocol="HTTP/1.1")
    return warc.add("revisit", page.url, b"", headers=headers, http=head)


def expected_row(raw_path: str, capture: Capture, page: Page) -> dict[str, object]:
    """Return the hand-written truth of a page together with where its record lies.

    Zip members have no address but what the page says, so their url is null.
    """
    truth = page.truth
    row: dict[str, object] = {
        "key": page.key,
        "raw_path": raw_path,
        "status": truth.get("status", "accepted"),
        "reason": truth.get("reason"),
        "url": None if "!" in raw_path else page.url,
        "source": capture.source,
        "fetched_at": capture.fetched_at,
    }
    for name in TRUTH_FIELDS:
        row[name] = truth.get(name, [] if name in LIST_FIELDS else None)
    row["kind"] = truth.get("kind", "article" if row["status"] == "accepted" else None)
    return row


def article_of(page: Page) -> str:
    """Return what belongs to the article: title, body, and the answers of its table."""
    answers = "\n".join(point for row in page.faq for point in row["points"])
    return f"{page.title}\n{page.body}\n{answers}\n{page.after}"


def check_truth(row: Mapping[str, Any], page: str, article: str) -> None:
    """Refuse a truth whose snippets or names are not in page and article, or whose unwanted ones are in the article."""
    for snippet in [*row["with"], *(surface for _, surface in row["entities"])]:
        if snippet not in page or snippet not in article:
            raise SampleError(f"{row['key']}: {snippet!r} is not in the article; every expected snippet must be")
    for snippet in row["without"]:
        if snippet in article:
            raise SampleError(f"{row['key']}: {snippet!r} is in the article; an unwanted snippet must not be")


def place_all(raw: Path, renderer: Renderer) -> Iterator[Placed]:
    """Write every container under `raw`, in the order of the layout."""
    layout = load_layout()
    seen: dict[str, Capture] = {}
    for container in layout["loose"]:
        yield from write_loose(container, raw, renderer)
    for container in layout["jsonl"]:
        yield from write_jsonl(container, raw, renderer)
    for container in layout["zip"]:
        yield from write_zip(container, raw, renderer)
    for container in layout["warc"]:
        yield from write_warc(container, raw, renderer, seen)


def build(raw: Path, expected: Path) -> int:
    """Write all samples under `raw` and their expected rows to `expected`; returns the number of raw records."""
    renderer = Renderer(load_pages())
    rows = []
    for raw_path, capture in place_all(raw, renderer):
        page = renderer.pages[capture.page]
        row = expected_row(raw_path, capture, page)
        if row["status"] == "accepted":
            check_truth(row, renderer.render_text(page), article_of(page))
        rows.append(row)
    write_bytes(expected, b"".join(json_line(row) for row in rows))
    return len(rows)


def main() -> None:
    """Build into the project, or into the folder given by `--out`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="write DIR/raw and DIR/expected.jsonl instead of the project's own")
    out: Path | None = parser.parse_args().out
    if out is None:
        build(PROJECT / "data" / "raw", HERE / "expected.jsonl")
    else:
        build(out / "raw", out / "expected.jsonl")


if __name__ == "__main__":
    main()
