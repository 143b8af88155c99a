"""`fold(text)` for SQL: the folding of `tasks.lexicons.folding.fold_name`, character for character."""

from collections.abc import Collection, Mapping
from functools import lru_cache

from tasks.lexicons.folding import character_blocks, folded_characters

# DuckDB builds the table of `translate` anew for every row: 0.01 s an entry and 100,000 rows. A text is folded by the
# first table that has all its letters; the whole table is for the few texts that need letters of none of these.
_MARKS = ((0x2010, 0x2019), (0x200B, 0x200F), (0x60, 0x60), (0xAD, 0xAD), (0xFEFF, 0xFEFF))
_TIERS = (
    # French, Spanish, English and Arabic, as they are written
    (*_MARKS, (0xA0, 0xFF), (0x152, 0x153), (0x178, 0x178), (0x600, 0x6FF)),
    # other languages in Latin letters
    (*_MARKS, (0xA0, 0x17F)),
    # Greek and Cyrillic
    (*_MARKS, (0x370, 0x52F)),
    # Arabic that was shaped before it was stored
    (*_MARKS, (0x600, 0x6FF), (0xFDF2, 0xFDF2), (0xFDFA, 0xFDFB), (0xFE70, 0xFEFE)),
)


@lru_cache(maxsize=1)
def fold_macro() -> str:
    """The SQL that makes the macro `fold(text)`.

    100,000 texts of 400 characters, two busy cores: 0.1 s in ASCII, 3 s with the letters of one alphabet, 6 s in shaped
    Arabic, 20 s where the whole table is needed, 45 s where a letter of another alphabet becomes several.
    """
    table = folded_characters()
    several = {char: folded for char, folded in table.items() if len(folded) > 1}
    pairs = ", ".join(f"[{_quoted(char)}, {_quoted(folded)}]" for char, folded in several.items())
    unfolded = f"list_reduce([{pairs}], lambda done, pair: [replace(done[1], pair[1], pair[2])], [given])[1]"
    return f"""CREATE MACRO fold(given) AS CASE
        WHEN strlen(given) = length(given) THEN replace(lower(given), '`', '{chr(39) * 2}')
        {" ".join(map(_tier, _TIERS))}
        WHEN NOT regexp_matches(given, {_class_of(several)}) THEN {_translated("given", table)}
        ELSE {_translated(unfolded, table)} END"""


def _tier(ranges: Collection[tuple[int, int]]) -> str:
    """The case of texts whose letters, put in small letters, a table of the characters in these ranges folds."""
    table = folded_characters()
    own = {
        char: folded
        for char, folded in table.items()
        if char.lower() == char and any(first <= ord(char) <= last for first, last in ranges)
    }
    # Cherokee folds to its capitals: what `lower` changes and folding does not is left to the whole table.
    others = {char for char in _capitals() | table.keys() if not _is_folded(char, own)}
    inner = "lower(given)"
    for char, folded in own.items():
        if len(folded) > 1:
            inner = f"replace({inner}, {_quoted(char)}, {_quoted(folded)})"
    return f"WHEN NOT regexp_matches(given, {_class_of(others)}) THEN {_translated(inner, own)}"


@lru_cache(maxsize=1)
def _capitals() -> frozenset[str]:
    """The characters that `lower` changes."""
    return frozenset(
        char for block in character_blocks() if block.lower() != block for char in block if char.lower() != char
    )


def _is_folded(char: str, table: Mapping[str, str]) -> bool:
    small = char.lower()
    return len(small) == 1 and table.get(small, small) == folded_characters().get(char, char)


def _translated(inner: str, table: Mapping[str, str]) -> str:
    """`translate` of SQL by the entries of one character or none; those without counterpart fall away."""
    kept = {char: folded for char, folded in table.items() if len(folded) == 1}
    dropped = [char for char, folded in table.items() if not folded]
    return f"translate({inner}, {_quoted(''.join([*kept, *dropped]))}, {_quoted(''.join(kept.values()))})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _class_of(chars: Collection[str]) -> str:
    """A character class of RE2, quoted, of any of the characters."""
    ranges: list[list[int]] = []
    for code in sorted(map(ord, chars)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return _quoted("[" + "".join(f"\\x{{{first:x}}}-\\x{{{last:x}}}" for first, last in ranges) + "]")
