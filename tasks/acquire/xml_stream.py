"""Hostile XML, read in pieces: the elements of some names, one after the other, each as a small tree.

Why not feedparser: it reads the same of real feeds (tests/acquire/test_shared_feeds.py) in one and a half times the
time, but what is not well-formed goes to its second parser, which takes 9 s and 140 MB for 4 MB of empty items, and it
has no limit of its own. Why not iterparse: what lies
beside the elements looked for piles up in its tree. Here libxml2 tells of each tag (parser target), and only what is
looked for is built. Nothing is ever resolved: no reference other than the five of XML and characters by number reaches
libxml2, so that no entity, whatever a DOCTYPE declares, can be expanded.
"""

import codecs
import html
import html.entities
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

CHUNK_BYTES = 65_536
# 50,000 URLs of a sitemap with a hundred elements each; libxml2 and Python take 1.4 us for one.
MAX_ELEMENTS = 5_000_000
# libxml2's own limit does not hold where it tells its tags to a target.
MAX_DEPTH = 256
# References and stray signs that are mended, 0.5 us each.
MAX_TOKENS = 5_000_000
# Children that are never built: the text of articles, which may be long and stand before the link.
BODIES = frozenset(["content", "description", "summary", "encoded"])
# Of one element that is built: its descendants, and the characters of a run of text; bodies of articles are not needed.
MAX_DESCENDANTS = 1_000
# More than found.MAX_URL_CHARS: what is cut here is no address.
MAX_RUN_CHARS = 20_100
# The longest token that `_Mender` may find cut in two at the end of a chunk.
MAX_TOKEN_CHARS = 40

XML_BASE = "{http://www.w3.org/XML/1998/namespace}base"
TOKEN = re.compile(
    r"<!\[CDATA\[|\]\]>|&(?:#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)?|<(?![A-Za-z_:/!?\x80-\U0010ffff])"
)
CUT_TOKEN = re.compile(r"(?:&[#A-Za-z0-9]{0,33}|<(?:!\[?[CDATA]{0,5}\[?)?|\]{1,2})\Z")
NO_XML_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]+")
DECLARATION = re.compile(r"<\?xml\s[^<>]{0,400}>")
# HTML writes it in small letters, which is no XML.
DOCTYPE = re.compile(r"<!doctype[^<>\[]{0,400}>", re.IGNORECASE)
BEGINNING = re.compile(r"<[A-Za-z_:!?]")
OF_XML = frozenset(["&amp;", "&lt;", "&gt;", "&quot;", "&apos;"])


def local_name(element: etree._Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


@dataclass(frozen=True, slots=True)
class Piece:
    """An element that was looked for, with what its place says: the name of its parent and the xml:base in force."""

    element: etree._Element
    parent: str
    bases: tuple[str, ...]


class _Mender:
    """Makes XML of what is nearly XML, chunk by chunk: bare `&` and `<` escaped, HTML's entities made numbers."""

    def __init__(self) -> None:
        self._held, self._is_cdata, self.n_tokens = "", False, 0

    def _mended(self, match: re.Match[str]) -> str:
        token = match[0]
        self.n_tokens += 1
        if token in ("<![CDATA[", "]]>"):
            was_cdata, self._is_cdata = self._is_cdata, token != "]]>"
            # `]]>` may not stand outside CDATA, nor the opening within.
            return token if was_cdata != self._is_cdata else token.replace("]]>", "]]&gt;")
        if self._is_cdata or token in OF_XML:
            return token
        if token.startswith("&#"):
            # As HTML means them: &#146; is an apostrophe, a surrogate is U+FFFD, which libxml2 would pass on as it is.
            meant: str | None = html.unescape(token)
        else:
            meant = html.entities.html5.get(token[1:]) if token.endswith(";") else None
        if meant is not None:
            return "".join(f"&#{ord(char)};" for char in meant)
        return ("&lt;" if token == "<" else "&amp;") + token[1:]

    def mend(self, text: str, *, is_last: bool) -> str:
        """The next piece of text, mended; a token that may be cut in two is held back unless it is the last piece."""
        text = self._held + text
        cut = None if is_last else CUT_TOKEN.search(text, max(0, len(text) - MAX_TOKEN_CHARS))
        end = cut.start() if cut else len(text)
        self._held = text[end:]
        return NO_XML_CHARACTER.sub("", TOKEN.sub(self._mended, text[:end]))


class _Target:
    """What libxml2 tells its tags to: builds the elements of some names, counts all."""

    def __init__(self, entries: frozenset[str], fields: frozenset[str]) -> None:
        self._entries, self._fields, self.root, self.n_elements = entries, fields, "", 0
        self.pieces: deque[Piece] = deque()
        self.is_too_deep = False
        # Of each open element: its name, and the xml:base attributes from the root down to it.
        self._path: list[tuple[str, tuple[str, ...]]] = []
        self._builder: etree.TreeBuilder | None = None
        self._open: list[str] = []
        self._n_built = self._n_skipped = self._run_chars = 0
        self._place: tuple[str, tuple[str, ...]] = ("", ())

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self.root = self.root or name
        self.n_elements += 1
        parent, bases = self._path[-1] if self._path else ("", ())
        base = attributes.get(XML_BASE)
        self._path.append((name, (*bases, base) if base else bases))
        self.is_too_deep = self.is_too_deep or len(self._path) > MAX_DEPTH
        # What an entry stands in was never closed; the entry ends it.
        if name in self._entries:
            self.close()
        if self._builder is None and (name in self._entries or name in self._fields):
            self._builder, self._place = etree.TreeBuilder(), (parent, self._path[-1][1])
            self._n_built = self._n_skipped = 0
        if self._builder is None:
            return
        self._run_chars = 0
        if self._n_skipped or name in BODIES or self._n_built > MAX_DESCENDANTS:
            self._n_skipped += 1
            return
        self._n_built += 1
        self._open.append(tag)
        self._builder.start(tag, dict(attributes))

    def data(self, text: str) -> None:
        if self._builder is not None and not self._n_skipped and self._run_chars < MAX_RUN_CHARS:
            self._builder.data(text[: MAX_RUN_CHARS - self._run_chars])
            self._run_chars += len(text)

    def end(self, _tag: str) -> None:
        if self._path:
            self._path.pop()
        if self._builder is None:
            return
        self._run_chars = 0
        if self._n_skipped:
            self._n_skipped -= 1
        else:
            self._builder.end(self._open.pop())
            if not self._open:
                self.close()

    def close(self) -> None:
        """Ends the element that is being built, if any, whatever of it is still open."""
        if self._builder is None:
            return
        while self._open:
            self._builder.end(self._open.pop())
        self.pieces.append(Piece(self._builder.close(), *self._place))
        self._builder = None


class XmlStream:
    """Iterates over elements by their local names; afterwards `error` says what could not be read.

    An element of `entries` ends any that is still open; one of `fields` counts only outside of those.
    Time and memory are bounded: at most MAX_ELEMENTS elements of MAX_DEPTH, MAX_DESCENDANTS and MAX_RUN_CHARS in each
    that is built, MAX_TOKENS, tags of 10 MB by libxml2. What is cut, nested wrongly or followed by junk gives what
    stands before it.
    """

    def __init__(
        self, content: bytes, *, codec: str, entries: frozenset[str], fields: frozenset[str] = frozenset()
    ) -> None:
        self._content, self._codec = content, codec
        self._target, self._mender = _Target(entries, fields), _Mender()
        self.error: str | None = None

    @property
    def root(self) -> str:
        """The local name of the root element, once it was met; empty where there is none."""
        return self._target.root

    def _texts(self) -> Iterator[str]:
        """Well-formed text, from where the XML begins, in chunks."""
        decoder, mender = codecs.getincrementaldecoder(self._codec)("replace"), self._mender
        is_first = True
        for start in range(0, len(self._content), CHUNK_BYTES):
            end = start + CHUNK_BYTES
            text = decoder.decode(self._content[start:end], end >= len(self._content))
            if is_first:
                text, is_first = _from_beginning(text), False
            yield mender.mend(text, is_last=end >= len(self._content))

    def _limit(self) -> str | None:
        """The limit that was passed, if any."""
        if self._target.is_too_deep:
            return f"{MAX_DEPTH} levels"
        if self._target.n_elements > MAX_ELEMENTS:
            return f"{MAX_ELEMENTS} elements"
        return f"{MAX_TOKENS} signs to mend" if self._mender.n_tokens > MAX_TOKENS else None

    def __iter__(self) -> Iterator[Piece]:
        """The elements, in the order of their ends."""
        parser = etree.XMLParser(
            target=self._target,
            encoding="utf-8",
            recover=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        )
        pieces = self._target.pieces
        try:
            for text in self._texts():
                parser.feed(text.encode("utf-8"))
                while pieces:
                    yield pieces.popleft()
                if limit := self._limit():
                    self.error = f"more than {limit}; the rest was not read"
                    return
            parser.close()
        except etree.XMLSyntaxError as error:
            self.error = f"not XML: {_clause(error.msg or '')}"
        else:
            first = next(iter(parser.feed_error_log), None)
            self.error = f"malformed XML in line {first.line}: {_clause(first.message)}" if first else None
        self._target.close()
        while pieces:
            yield pieces.popleft()


def _from_beginning(text: str) -> str:
    """The text from its XML declaration or first tag on, the declaration left out: its codec is known."""
    declared = DECLARATION.search(text)
    begins = BEGINNING.search(text, declared.end() if declared else 0)
    return DOCTYPE.sub("", text[begins.start() :], count=1) if begins else text


def _clause(message: str) -> str:
    return " ".join(message.split())[:120]


def root_name(content: bytes, *, codec: str) -> str:
    """The local name of the root element of XML; empty where its beginning holds none."""
    stream = XmlStream(content[:CHUNK_BYTES], codec=codec, entries=frozenset())
    for _ in stream:
        pass
    return stream.root
