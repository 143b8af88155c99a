"""What a page or a container looks like after an accident or an attack: small seeded changes, each a function."""

import gzip
import re
from collections.abc import Callable
from random import Random
from typing import TypeAlias

# A page, another page to splice with, and the dice -> the page changed.
Mutator: TypeAlias = Callable[[bytes, bytes, Random], bytes]

TAG = re.compile(rb"<[^<>]{0,200}>")
TAG_NAMES = [
    b"p", b"div", b"table", b"td", b"article", b"h1", b"script", b"style", b"title", b"a", b"time", b"meta", b"svg", b"math",
    b"template", b"select", b"noscript", b"iframe", b"plaintext", b"textarea", b"body", b"html", b"head", b"frameset", b"x-y",
]  # fmt: skip
CHARSETS = [
    b"utf-8", b"utf-16", b"utf-7", b"windows-1256", b"iso-8859-6", b"shift_jis", b"gb18030", b"iso-2022-jp", b"x-none", b"\xff",
]  # fmt: skip
CODECS = [
    "cp1252",
    "cp1256",
    "utf-16-le",
    "utf-16-be",
    "utf-16",
    "utf-32",
    "gb18030",
    "shift_jis",
    "utf-7",
    "iso2022_jp",
]
ODD_BYTES = [
    b"\x00", b"\x00" * 300, b"\xed\xa0\x80", b"&#xD800;", b"&#0;", b"&#x110000;", b"\\ud83d", b"\xff", b"\xc3", b"\x1b$B",
    b"\xef\xbf\xbe", b"\xe2\x80\xae", b"\x0c", b"\x85", b"]]>", b"<!--", b"<![CDATA[", b"<?", b"&amp" * 50, b"\xcc\x81" * 400,
]  # fmt: skip


def flip_bits(page: bytes, other: bytes, dice: Random) -> bytes:
    """A few bits turned over."""
    changed = bytearray(page)
    for _ in range(dice.randint(1, 60) if changed else 0):
        changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def cut_out(page: bytes, other: bytes, dice: Random) -> bytes:
    """A stretch missing."""
    start, end = _stretch(page, dice)
    return page[:start] + page[end:]


def say_twice(page: bytes, other: bytes, dice: Random) -> bytes:
    """A stretch repeated, up to forty times."""
    start, end = _stretch(page, dice)
    return page[:end] + page[start:end] * dice.choice([1, 2, 5, 40]) + page[end:]


def splice(page: bytes, other: bytes, dice: Random) -> bytes:
    """The head of one page and the tail of another."""
    return page[: dice.randint(0, len(page))] + other[dice.randint(0, len(other)) :]


def cut_off(page: bytes, other: bytes, dice: Random) -> bytes:
    """The page ends early."""
    return page[: dice.randint(0, len(page))]


def stir_tags(page: bytes, other: bytes, dice: Random) -> bytes:
    """Tag soup: tags exchanged for other ones, opened, closed and left out."""

    def other_tag(match: re.Match[bytes]) -> bytes:
        name = dice.choice(TAG_NAMES)
        return dice.choice(
            [match[0], match[0], match[0], b"", b"<" + name + b">", b"</" + name + b">", b"<" + name + b" "]
        )

    return TAG.sub(other_tag, page)


def nest_deeply(page: bytes, other: bytes, dice: Random) -> bytes:
    """The page inside thousands of elements, closed or not."""
    name, depth, at = dice.choice(TAG_NAMES), dice.choice([300, 3_000, 30_000]), dice.randint(0, len(page))
    return page[:at] + (b"<" + name + b">") * depth + page[at:] + (b"</" + name + b">") * dice.choice([0, depth])


def swell_attribute(page: bytes, other: bytes, dice: Random) -> bytes:
    """An attribute of a megabyte, or ten thousand attributes of one element."""
    huge = dice.choice([b"x" * 1_000_000, b"2024-11-" * 100_000, b"&lt;" * 200_000, b"a.b" * 300_000])
    name = dice.choice([b"class", b"href", b"content", b"datetime", b"style", b"id", b"title"])
    value = name + b"='" + huge + b"'"
    many = b" ".join(b"a%d=1" % number for number in range(10_000))
    return _insert_in_tag(page, dice.choice([value, many]), dice)


def lie_about_charset(page: bytes, other: bytes, dice: Random) -> bytes:
    """A declaration that does not hold, or the text in another codec than the declared one."""
    if dice.random() < 0.5:
        return b"<meta charset='" + dice.choice(CHARSETS) + b"'>" + page
    return page.decode("utf-8", "replace").encode(dice.choice(CODECS), "replace")


def strew_odd_bytes(page: bytes, other: bytes, dice: Random) -> bytes:
    """NULs, halves of characters, surrogates, ends of sections that never began."""
    for _ in range(dice.randint(1, 12)):
        at = dice.randint(0, len(page))
        page = page[:at] + dice.choice(ODD_BYTES) + page[at:]
    return page


def break_json(page: bytes, other: bytes, dice: Random) -> bytes:
    """Structured data that is broken, endless, deep or of the wrong types."""
    broken = dice.choice([
        b'{"@type": "NewsArticle", "datePublished": ',
        b'{"@type": ["NewsArticle", 7, null, {}], "author": [[[]]], "publisher": 3, "keywords": {"a": 1}, "image": [null]}',
        b'{"@graph": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"@type": "NewsArticle", "headline": {"@value": ["\\ud800"]}, "datePublished": 1e400, "inLanguage": [{"name": 1}]}',
        b'{"@type": "NewsArticle", "datePublished": "Mon, 01 Jan 2024 10:00:00 +99999999999999999999", "author": {"name": "\\u0000"}}',
        b'{"@type": "Article", "isAccessibleForFree": {"a": []}, "mainEntityOfPage": "//[", "url": "http://[::1", "sameAs": 1}',
    ])  # fmt: skip
    return _insert_in_head(page, b'<script type="application/ld+json">' + broken + b"</script>", dice)


def state_oddly(page: bytes, other: bytes, dice: Random) -> bytes:
    """Meta tags, links and dates that say what nobody means."""
    odd = dice.choice([
        b"<link rel=canonical href='http://[::1'>", b"<link rel=canonical href='//'>", b"<link rel=canonical href='\xff\x00'>",
        b"<meta property='article:published_time' content='0000-00-00T99:99:99'>",
        b"<meta property='article:published_time' content='9999-12-31T23:59:59-14:00'>",
        b"<meta property='article:published_time' content='Fri, 31 Dec 9999 23:59:59 -9999'>",
        b"<meta property='article:published_time' content='99999999999999'>",
        b"<time datetime='0001-01-01T00:00:00+14:00'>", b"<html lang='" + b"x-" * 500 + b"'>", b"<base href='javascript:1'>",
        b"<meta property='og:image' content='http://a.example:99999999/'>", b"<title>" + b"\xd9\x80" * 5_000 + b"</title>",
        "<span class='date'>٣١ فبراير ٢٠٢٤ ٩٩:٩٩</span>".encode(), b"<p class='byline'>" + b"par " * 3_000 + b"</p>",
    ])  # fmt: skip
    return _insert_in_head(page, odd, dice)


def pour_text(page: bytes, other: bytes, dice: Random) -> bytes:
    """One paragraph without end, of a kind that makes regular expressions slow."""
    scrap = dice.choice(
        [b"a", b"A ", b"M. ", b"1/2/", b"2024 ", b"@", b"http://", b"- ", "و".encode(), "ا\u0651".encode(), b"(A)"]
    )
    return _insert_in_head(page, b"<p>" + scrap * (200_000 // len(scrap)) + b"</p>", dice)


MUTATORS: list[Mutator] = [
    flip_bits, cut_out, say_twice, splice, cut_off, stir_tags, nest_deeply, swell_attribute, lie_about_charset,
    strew_odd_bytes, break_json, state_oddly, pour_text,
]  # fmt: skip


def mutate_page(page: bytes, other: bytes, dice: Random) -> bytes:
    """The page after one to four accidents."""
    for mutator in dice.choices(MUTATORS, k=dice.choice([1, 1, 2, 4])):
        page = mutator(page, other, dice)
    return page


def mutate_container(content: bytes, dice: Random) -> tuple[bytes, int]:
    """A container after one accident, and the offset of the first byte that is not as it was."""
    changed = dice.choice([flip_bits, cut_off, cut_out, say_twice, strew_odd_bytes])(content, b"", dice)
    if dice.random() < 0.1:
        changed = gzip.compress(content, mtime=0)[: dice.randint(1, 400)]
    pairs = enumerate(zip(content, changed, strict=False))
    return changed, next((at for at, (was, now) in pairs if was != now), min(len(content), len(changed)))


def _stretch(page: bytes, dice: Random) -> tuple[int, int]:
    start = dice.randint(0, len(page))
    return start, min(len(page), start + dice.choice([1, 10, 100, 1_000, 10_000]))


def _insert_in_tag(page: bytes, attribute: bytes, dice: Random) -> bytes:
    tags = list(TAG.finditer(page))
    at = dice.choice(tags).end() - 1 if tags else len(page)
    return page[:at] + b" " + attribute + page[at:]


def _insert_in_head(page: bytes, markup: bytes, dice: Random) -> bytes:
    at = max(0, page.find(b"</head>")) if dice.random() < 0.7 else dice.randint(0, len(page))
    return page[:at] + markup + page[at:]
