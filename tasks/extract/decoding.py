"""Bytes -> text: byte order mark, UTF-8 where the bytes are, the declared codec where it fits, else the likeliest."""

import codecs
import re
import unicodedata
from collections import Counter
from functools import lru_cache
from itertools import pairwise

from tasks.extract.letters import CJK_CODECS, CODEC_OF_LABEL, FREQUENT, FREQUENT_CJK, LANGUAGE_LETTERS

# Where a page declares its codec; browsers look at 1,024 bytes, real pages are later by their scripts.
DECLARATION_BYTES = 16_384
META_CHARSET = re.compile(
    rb"""<meta[^>]{0,400}?charset\s{0,9}=\s{0,9}["']?\s{0,9}([a-zA-Z0-9_:.-]{2,40})""", re.IGNORECASE
)
XML_ENCODING = re.compile(rb"""^\s{0,99}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([a-zA-Z0-9_:.-]{2,40})""")
BOMS = ((codecs.BOM_UTF8, "utf_8"), (codecs.BOM_UTF16_LE, "utf_16_le"), (codecs.BOM_UTF16_BE, "utf_16_be"))

# A codec is told from pairs of bytes; more than this many say nothing new.
SAMPLE_BYTES = 400_000
MARKUP = re.compile(rb"<[^<>]{0,2000}>")
HIGH = bytes(range(0x80, 0x100))
ASCII = bytes(range(0x80))

# UTF-8 with broken bytes stays UTF-8 while whole sequences outnumber the breaks this many times.
WHOLE_PER_BREAK = 2
# A declared codec stays while no other reads the bytes this much better per high byte (scores run from -4 to +1.2).
DECLARED_BONUS = 0.12
# Below this a reading is no language we know.
PLAUSIBLE = 0.35
# From here on a single-byte reading is beyond doubt, and no other is tried.
SURE = 0.85
DETECTABLE = (
    "cp1252", "cp1256", "cp1250", "iso8859_15", "iso8859_6", "cp1251", "iso8859_2", "koi8_r", "iso8859_5", "cp1253",
    "cp1254", "cp1255", "cp1257",
)  # fmt: skip
DETECTABLE_CJK = ("gb18030", "cp932", "euc_jp", "cp949", "big5hkscs")


def _codec_of(label: bytes | str | None) -> str | None:
    if not label:
        return None
    text = label.decode("ascii", "replace") if isinstance(label, bytes) else label
    return CODEC_OF_LABEL.get(text.strip(" \t\r\n\"';").lower())


def declared_codecs(payload: bytes, *, charset: str | None, is_html: bool) -> list[str]:
    """The codecs the page is declared in: HTTP header first, then `<?xml encoding>` and `<meta charset>`.

    A meta tag that names UTF-16 cannot be right where it can be read (WHATWG): it counts as UTF-8.
    """
    found = [_codec_of(charset)]
    if is_html:
        head = payload[:DECLARATION_BYTES]
        inner = [_codec_of(match[1]) for match in (XML_ENCODING.search(head), META_CHARSET.search(head)) if match]
        found += ["utf_8" if codec and codec.startswith("utf_16") else codec for codec in inner]
    return list(dict.fromkeys(codec for codec in found if codec))


@lru_cache(maxsize=64)
def decoding_table(codec: str) -> str:
    """The 256 characters of a single-byte codec; bytes it leaves undefined are controls, as WHATWG maps them."""
    table = []
    for byte in range(256):
        try:
            table.append(bytes([byte]).decode(codec))
        except UnicodeDecodeError:
            table.append(chr(byte) if byte < 0xA0 else "\ufffd")
    return "".join(table)


def _decode_as(payload: bytes, codec: str) -> str:
    if codec in CJK_CODECS or codec.startswith("utf"):
        return payload.decode(codec, "replace")
    return codecs.charmap_decode(payload, "replace", decoding_table(codec))[0]


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    """A letter's script by its Unicode name; empty for what is no letter."""
    return unicodedata.name(char, "").split(" ")[0] if char.isalpha() or unicodedata.combining(char) else ""


def _symbol_score(char: str, neighbours: str) -> float:
    """How natural a sign that is no letter stands beside its neighbours."""
    if char == "\ufffd" or unicodedata.category(char) == "Cc":
        return -4.0
    if char in "«»’‘“”„–—…\u00a0·•°©®€،؛؟¿¡№":
        return 0.1
    inside_word = all(neighbour.isalpha() for neighbour in neighbours)
    return -2.5 if inside_word else -0.6


def _letter_score(char: str, before: str, letters: str) -> float:
    """How natural a letter beyond ASCII stands after `before`, in a language written with `letters`."""
    lower = char.lower()
    known = lower[:1] in letters
    score = (1.0 if known else -1.0) + (0.2 if char in FREQUENT else 0.0)
    script = _script(char)
    if not before.isalpha():
        return score
    if _script(before) != script:
        return score - 4.0
    if char != lower and before == before.lower() and before != before.upper():
        score -= 3.0  # a capital after a small letter
    if script == "LATIN" and not before.isascii():
        score -= 1.2  # two accented letters in a row
    return score


def _pair_scores(pairs: Counter[tuple[int, int]], codec: str, letters: str) -> float:
    table, total = decoding_table(codec), 0.0
    for (first, second), count in pairs.items():
        before, char = table[first], table[second]
        if second < 0x80:  # a high byte before an ASCII one: only the seam between two scripts matters
            crossed = before.isalpha() and char.isalpha() and _script(before) != _script(char)
            total -= 4.0 * count * crossed
        elif _script(char):
            total += count * _letter_score(char, before, letters)
        else:
            total += count * _symbol_score(char, before)
    return total


def _score(pairs: Counter[tuple[int, int]], codec: str) -> float:
    """How well one codec reads the bytes: -4 (nonsense) to 1.2 (letters of one language), per high byte."""
    high = sum(count for (_, second), count in pairs.items() if second >= 0x80) or 1
    return max(_pair_scores(pairs, codec, letters) for letters in LANGUAGE_LETTERS.get(codec, ("",))) / high


def _high_pairs(sample: bytes) -> Counter[tuple[int, int]]:
    """How often each pair of neighbouring bytes occurs of which one is beyond ASCII."""
    pairs = Counter(pairwise(b" " + sample))
    return Counter({pair: count for pair, count in pairs.items() if pair[0] >= 0x80 or pair[1] >= 0x80})


def _sample(payload: bytes, *, is_html: bool) -> bytes:
    """The bytes by which a codec is told: markup out, long runs of ASCII irrelevant, at most SAMPLE_BYTES."""
    text = MARKUP.sub(b" ", payload[: 4 * SAMPLE_BYTES]) if is_html else payload
    sample = text[:SAMPLE_BYTES]
    return sample if len(sample.translate(None, ASCII)) else payload[-SAMPLE_BYTES:]


def _is_frequent_cjk(char: str) -> bool:
    return "\u3041" <= char <= "\u30fe" or char in FREQUENT_CJK or char in "\u3001\u3002\uff0c"


def _cjk_score(sample: bytes, codec: str) -> float:
    """How well a multi-byte codec reads the bytes: the share of frequent characters beyond ASCII, less its breaks."""
    beyond = [char for char in sample.decode(codec, "replace") if char > "\x7f"]
    frequent, breaks = sum(map(_is_frequent_cjk, beyond)), beyond.count("\ufffd")
    return (frequent - 4 * breaks) / len(beyond) if beyond else 0.0


def _best_cjk(sample: bytes, declared: list[str]) -> tuple[float, str]:
    """The best multi-byte reading and its score; a declared one has the benefit of the doubt."""
    scores = {codec: _cjk_score(sample, codec) + DECLARED_BONUS * (codec in declared) for codec in DETECTABLE_CJK}
    best = max(DETECTABLE_CJK, key=lambda codec: scores[codec])
    return scores[best], best


def _legacy_codec(sample: bytes, declared: list[str]) -> str:
    """The likeliest codec of bytes that are not UTF-8; a declared one has the benefit of the doubt."""
    pairs = _high_pairs(sample)
    single = [codec for codec in declared if codec not in CJK_CODECS and not codec.startswith("utf")]
    candidates = list(dict.fromkeys([*single, *DETECTABLE]))
    scores = {codec: _score(pairs, codec) + DECLARED_BONUS * (codec in single) for codec in candidates}
    best = max(candidates, key=lambda codec: scores[codec])
    if scores[best] < SURE:
        cjk_score, cjk = _best_cjk(sample, declared)
        if cjk_score >= PLAUSIBLE and cjk_score > scores[best] - (SURE - PLAUSIBLE):
            return cjk
    if single and not LANGUAGE_LETTERS.get(single[0]) and scores[best] < PLAUSIBLE:
        return single[0]
    return best


def _is_broken_utf8(payload: bytes, *, declared: list[str]) -> bool:
    """Whether bytes that are not strictly UTF-8 are UTF-8 all the same: whole sequences outnumber the breaks."""
    text = payload.decode("utf-8", "replace")
    beyond = len(text.encode("utf-8").translate(None, ASCII + bytes(range(0x80, 0xC0))))  # lead bytes = characters
    genuine = payload.count(b"\xef\xbf\xbd")
    breaks = text.count("\ufffd") - genuine
    whole = beyond - breaks - genuine
    return whole >= WHOLE_PER_BREAK * breaks or ("utf_8" in declared and whole > breaks)


def _utf16_without_bom(payload: bytes, charset: str | None) -> str | None:
    """The UTF-16 codec by where the NUL bytes stand, or by the HTTP header; None when it is none."""
    head = payload[:4000]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > 0.05 * len(head) / 2 and min(even, odd) < 0.01 * len(head) / 2:
        return "utf_16_le" if odd > even else "utf_16_be"
    declared = _codec_of(charset) or ""
    if declared.startswith("utf_16"):
        text = head[: len(head) & ~1].decode(declared, "replace")
        if sum(char.isprintable() or char.isspace() for char in text) > 0.95 * len(text) and not payload.isascii():
            return declared if not _is_utf8(payload) else None
    return None


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def detect_codec(payload: bytes, *, charset: str | None, is_html: bool) -> str:
    """The Python codec in which the bytes are to be read; `decode` explains the order."""
    if utf16 := _utf16_without_bom(payload, charset):
        return utf16
    declared = declared_codecs(payload, charset=charset, is_html=is_html)
    if "iso2022_jp" in declared and b"\x1b$" in payload:
        return "iso2022_jp"
    if _is_utf8(payload):
        return "utf_8"
    sample = _sample(payload, is_html=is_html)
    if _is_broken_utf8(payload, declared=declared) and not _detects_declared_cjk(sample, declared):
        return "utf_8"
    return _legacy_codec(sample, declared)


def _detects_declared_cjk(sample: bytes, declared: list[str]) -> bool:
    return any(codec in DETECTABLE_CJK and _cjk_score(sample, codec) >= PLAUSIBLE for codec in declared)


def decode(payload: bytes, *, charset: str | None, is_html: bool) -> str:
    """The text of a page; never an exception.

    In order: a byte order mark; UTF-16 by its NUL bytes; UTF-8 wherever the bytes are UTF-8, whatever is declared (a
    legacy text that is valid UTF-8 by chance is rarer than a wrong declaration), with U+FFFD at its broken bytes; else
    the codec, declared or common, in which the letters make sense. `charset` is the label of the HTTP header.
    Labels mean what WHATWG says (iso-8859-1 is windows-1252), and so do undefined bytes. Linear in the payload.
    """
    for bom, codec in BOMS:
        if payload.startswith(bom):
            return payload[len(bom) :].decode(codec, "replace")
    return _decode_as(payload, detect_codec(payload, charset=charset, is_html=is_html))
