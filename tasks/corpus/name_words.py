"""The words of a name that tell people apart: without articles, with compounds written together."""

import re
from functools import lru_cache

from tasks.lexicons.folding import fold_name

_WORD = re.compile(r"\w+")
_ARABIC_ARTICLE = "ال"
_ARABIC_SERVANT = "عبد"
_ARABIC_GOD = "الله"
_SUN_ARTICLE = re.compile(r"^ال(?=[تثدذرزسشصضطظن])")
# آل, 'house of', folds to the article alone.
_ARABIC_ALONE = frozenset({"ال"})
# Al Gore and Ed Sheeran bear no article: at a name's beginning one counts only where a hyphen binds it, but for 'el'.
_LATIN_ARTICLES = frozenset({"al", "el", "ul"})
_BOUND_ARTICLE = re.compile(r"\b[aeu](?:l|d|r|s|t|z|n|ch|sh)-(?=\w)")
# 'Abd el-Kader is one name, its article a part of it.
_SERVANT_ARTICLE = re.compile(r"\babd[ -]([aeu](?:l|d|r|s|t|z|n|ch|sh))-(?=\w)")
_SERVANTS = frozenset({"abd", "abdel", "abdul", "abdal", "abdil", "abdou"})
_NUMBERS = {
    "الاول": "i", "الثاني": "ii", "الثالث": "iii", "الرابع": "iv", "الخامس": "v", "السادس": "vi", "السابع": "vii",
    "الثامن": "viii", "التاسع": "ix", "العاشر": "x", "الحادي عشر": "xi", "الثاني عشر": "xii", "الثالث عشر": "xiii",
    "الرابع عشر": "xiv", "الخامس عشر": "xv", "السادس عشر": "xvi",
}  # fmt: skip
_SOUNDS = str.maketrans({"غ": "ج", "ق": "ج", "ك": "ج", "ط": "ت", "ص": "س", "ض": "د", "ظ": "ز", "ذ": "ز", "ث": "س"})
_GODS = frozenset({"allah", "ullah", "ollah", "llah", "lah"})
# An article written as one word with the name, its consonant by assimilation that of the name: Errachid, Ennaji.
_ARTICLE_INSIDE = re.compile(r"[ae](?:l(?=..)|([rstnzd])(?=\1)|s(?=sh)|ch(?=ch)|c(?=ch))")
_SPELLINGS = (
    ("ou", "u"), ("oo", "u"), ("ee", "i"), ("ph", "f"), ("ck", "k"), ("q", "k"), ("y", "i"), ("sch", "sh"),
)  # fmt: skip
_DOUBLED = re.compile(r"(.)\1")
# Consonants that names in either script keep, in classes that no way of spelling crosses.
_CLASSES = {
    **dict.fromkeys("بفbpfv", "B"),
    **dict.fromkeys("تثدذسشصضطظزtdszc", "T"),
    **dict.fromkeys("كقغخجkgqjx", "K"),
    **dict.fromkeys("مm", "M"),
    **dict.fromkeys("نn", "N"),
    **dict.fromkeys("لl", "L"),
    **dict.fromkeys("رr", "R"),
}
_BEFORE_FRONT_VOWEL = re.compile(r"c(?![eiyhç])")


@lru_cache(maxsize=100_000)
def name_words(name: str) -> tuple[str, ...]:
    """The words of a name, folded; of an Arabic name in its own script without article.

    'عبد اللطيف الكتوني' gives ('عبداللطيف', 'كتوني'), 'Abd el-Latif El Kettouni' ('abdellatif', 'kettouni').
    """
    folded = _SERVANT_ARTICLE.sub(r"abd\1", fold_name(name).replace("'", ""))
    folded = _BOUND_ARTICLE.sub("", folded)
    words = _WORD.findall(folded.replace("_", " "))
    if not words:
        return ()
    return _arabic_words(words) if is_arabic(words[0]) else _latin_words(words)


def is_arabic(word: str) -> bool:
    """Whether a folded word is in Arabic letters."""
    return "\u0600" <= word[:1] <= "\u06ff"


def is_latin(word: str) -> bool:
    """Whether a folded word is in Latin letters without accents."""
    return word.isascii() and word.isalpha()


def _arabic_words(words: list[str]) -> tuple[str, ...]:
    joined: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word == _ARABIC_SERVANT and at + 1 < len(words):
            at += 1
            # Before a sun letter the article's own consonant is not heard, and no Latin spelling has it.
            word += _SUN_ARTICLE.sub("ا", words[at])
        if at + 1 < len(words) and words[at + 1] == _ARABIC_GOD:
            at += 1
            word += _ARABIC_GOD
        if word.startswith(_ARABIC_ARTICLE) and len(word) > 4:
            word = word[2:]
        if word not in _ARABIC_ALONE:
            joined.append(word)
        at += 1
    # A ruler's number as Latin letters write it: محمد السادس is Mohammed VI. Without its article it is none: آل ثاني.
    number = _NUMBERS.get(" ".join(words[1:]))
    return (joined[0], number) if number is not None and joined else tuple(joined)


def arabic_sounds(word: str) -> str:
    """An Arabic word with one letter for each sound that names from other languages are written with in many ways."""
    return word.translate(_SOUNDS)


def _latin_words(words: list[str]) -> tuple[str, ...]:
    joined: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        is_last = at + 1 == len(words)
        if word in _SERVANTS and not is_last:
            at += 1
            if words[at] in _LATIN_ARTICLES and at + 1 < len(words):
                word += words[at]
                at += 1
            word += words[at]
        elif word in _LATIN_ARTICLES and not is_last and (joined or word == "el"):
            at += 1
            continue
        if at + 1 < len(words) and words[at + 1] in _GODS:
            at += 1
            word += words[at]
        joined.append(word)
        at += 1
    return tuple(joined)


def readings(word: str) -> tuple[str, ...]:
    """A Latin word, and what stands behind an article at its beginning."""
    behind = _ARTICLE_INSIDE.sub("", word, count=1) if _ARTICLE_INSIDE.match(word) else word
    return (word,) if behind == word or len(behind) < 3 else (word, behind)


VOWELS = frozenset("aeiouy")
# What a long vowel inside an Arabic word may be in Latin letters.
_LONG_VOWELS = (("ي", frozenset("iyejh")), ("و", frozenset("ouwv")))
# The Arabic letters behind which a Latin spelling ends in 'a', and the Latin ones for a ta marbuta.
_BEHIND_A = frozenset("اهيعحو")
_TA_MARBUTA = frozenset("aeiouyht")


def tells_apart(arabic: str, latin: str) -> bool:
    """Whether two words of like consonants are two names by a vowel: كريم and Karima, سعيد and Saad."""
    if arabic[-1:] == "ه" and latin[-1:] not in _TA_MARBUTA:
        return True
    if latin[-1:] == "a" and arabic[-1:] not in _BEHIND_A:
        return True
    return any(vowel in arabic[1:-1] and not written & set(latin) for vowel, written in _LONG_VOWELS)


def is_round(word: str) -> bool:
    """Whether the first vowel of a Latin word is o or u: Omar is not Amar, and Hussein not Hassan."""
    vowel = next((letter for letter in word if letter in VOWELS), "")
    return vowel in ("o", "u")


@lru_cache(maxsize=200_000)
def plain_spelling(word: str) -> str:
    """A Latin word without what spellings of one name differ in most: doubled letters, ou and u, y and i, ph and f.

    Vowels else remain: Jan is not Jen.
    """
    for written, plain in _SPELLINGS:
        word = word.replace(written, plain)
    return _DOUBLED.sub(r"\1", word)


@lru_cache(maxsize=200_000)
def skeleton(word: str) -> str:
    """The classes of a word's consonants, each once in a row: what all spellings of a name share, in both scripts."""
    if is_latin(word):
        word = _BEFORE_FRONT_VOWEL.sub("k", plain_spelling(word).replace("ch", "s"))
    classes = "".join(_CLASSES.get(letter, "") for letter in word)
    return re.sub(r"(.)\1+", r"\1", classes)
