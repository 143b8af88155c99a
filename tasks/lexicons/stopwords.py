"""The most frequent words of a language, from justext."""

from functools import lru_cache

import justext

from tasks.lexicons.folding import fold_name

_JUSTEXT_NAMES = {
    "ar": "Arabic",
    "bg": "Bulgarian",
    "ca": "Catalan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
}


@lru_cache(maxsize=32)
def stop_words(language: str) -> frozenset[str]:
    """The folded stop words of a language; none where justext has no list for it."""
    name = _JUSTEXT_NAMES.get(language)
    if name not in justext.get_stoplists():
        return frozenset()
    return frozenset(fold_name(word) for word in justext.get_stoplist(name))
