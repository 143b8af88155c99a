"""In which codec the bytes of a feed, sitemap or list are to be read."""

import codecs
import re

# How far into the bytes is looked.
SAMPLE_BYTES = 1_000_000
HEAD_BYTES = 1_024
XML_ENCODING = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([a-zA-Z0-9_:.-]{2,40})""")
CHARSET = re.compile(r"charset\s{0,9}=\s{0,9}[\"']?([\w.:+-]{1,40})", re.IGNORECASE)
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Python knows codecs that are no text of the web, and some that take quadratic time (punycode, idna).
TEXT_CODEC = re.compile(
    r"utf-(?:8|16|32)(?:-sig|-le|-be)?|cp\d{3,5}|iso8859-\d{1,2}|koi8-[rtu]|gb2312|gbk|gb18030|big5(?:hkscs)?|"
    r"euc_[a-z0-9_]+|shift_jis[a-z0-9_]*|iso2022_[a-z0-9_]+|mac-[a-z]+|tis-620"
)
# What the labels mean on the web (WHATWG).
WEB_MEANING = {
    "ascii": "cp1252", "iso8859-1": "cp1252", "iso8859-9": "cp1254", "gb2312": "gb18030", "gbk": "gb18030",
    "utf-16": "utf-16-le", "utf-32": "utf-32-le"}  # fmt: skip


def _known_codec(label: str | bytes | None) -> str | None:
    if not label:
        return None
    text = label.decode("ascii", "replace") if isinstance(label, bytes) else label
    try:
        name = codecs.lookup(text.strip().removeprefix("x-")).name
    except (LookupError, ValueError):  # no such codec; a NUL in the label
        return None
    name = WEB_MEANING.get(name, name)
    return name if TEXT_CODEC.fullmatch(name) else None


def _utf16_by_nuls(head: bytes) -> str | None:
    """UTF-16 where every other byte of a tenth of the head is NUL: the markup, whatever script the text is in."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) * 20 < len(head) or not head or min(even, odd) * 20 > len(head):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _declared(content: bytes, content_type: str | None) -> list[str]:
    charset = CHARSET.search(content_type[:1_000]) if content_type else None
    in_head = XML_ENCODING.search(content[:HEAD_BYTES])
    found = [_known_codec(charset and charset[1]), _known_codec(in_head and in_head[1])]
    return [codec for codec in found if codec and not codec.startswith(("utf-16", "utf-32"))]


def codec_of(content: bytes, *, content_type: str | None = None, encoding: str | None = None) -> str:
    """The Python codec of the bytes; never an exception, and decoding with `errors="replace"` never raises either.

    In order: a byte order mark; `encoding`, what the caller found out; UTF-16 by where its NUL bytes stand; UTF-8 where
    the bytes are UTF-8, whatever is declared; the charset of the HTTP header; the XML head; UTF-8 with broken bytes
    while whole characters outnumber them twice; else windows-1252.
    """
    for bom, codec in BOMS:
        if content.startswith(bom):
            return codec
    if known := _known_codec(encoding):
        return known
    return _utf16_by_nuls(content[:HEAD_BYTES]) or _by_declaration(content[:SAMPLE_BYTES], content_type)


def _by_declaration(sample: bytes, content_type: str | None) -> str:
    declared = _declared(sample, content_type)
    if "iso2022_jp" in declared and b"\x1b$" in sample:
        return "iso2022_jp"
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(sample)
    n_broken, n_beyond = text.count("\ufffd"), sum(char > "\x7f" for char in text) if not text.isascii() else 0
    if not n_broken:
        return "utf-8"
    legacy = [codec for codec in declared if not codec.startswith("utf-8")]
    if legacy:
        return legacy[0]
    return "utf-8" if n_beyond >= 3 * n_broken else "cp1252"
