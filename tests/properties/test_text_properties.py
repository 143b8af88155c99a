"""Language and names of any text: scores and shares in their bounds, and a mention is what the text says there."""

from hypothesis import given
from hypothesis import strategies as st

from config.settings import GAZETTEERS, Settings
from tasks.enrich.language import detect_language
from tasks.enrich.recognisers import load_recogniser

CHOICES = Settings().recogniser_choices
WORDS = st.sampled_from(
    [
        "M.",
        "Mme",
        "Claire",
        "Matossian",
        "Dr",
        "president",
        "the",
        "of",
        "de",
        "la",
        "Tanger",
        "Tangier",
        "طنجة",
        "المغرب",
        "السيد",
        "الأستاذ",
        "عبد",
        "اللطيف",
        "وزير",
        "الداخلية",
        "بطنجة",
        "DGSN",
        "(DGSN)",
        "United Nations",
        "Union",
        "européenne",
        "et",
        "and",
        "و",
        ",",
        ".",
        "\n",
        "—",
        "’",
        "l’",
        "d'",
        "AL-",
        "abd-el",
        "\u200f",
        "\u0640",
        "e\u0301",
        "İ",
        "ﬁ",
        "ß",
        "🇲🇦",
    ]
)
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=200),
    st.text(max_size=60),
    st.lists(st.one_of(WORDS, st.text(max_size=4)), max_size=40).map(" ".join),
    st.lists(WORDS, max_size=40).map("".join),
)
LANGUAGES = st.sampled_from(["ar", "fr", "en", "es", "de", "zh", "und", ""])


@given(text=TEXTS, language=LANGUAGES)
def test_a_mention_is_what_the_text_says_there(text: str, language: str) -> None:
    mentions = load_recogniser(GAZETTEERS, CHOICES).find_mentions(text, language=language)
    end = 0
    for mention in mentions:
        assert mention.surface == text[mention.start_char : mention.end_char]
        assert mention.name
        assert 0.0 <= mention.score <= 1.0
        assert end <= mention.start_char < mention.end_char
        end = mention.end_char


@given(text=TEXTS)
def test_language_scores_and_shares_keep_their_bounds(text: str) -> None:
    guess = detect_language(text)
    assert guess.score is None or 0.0 <= guess.score <= 1.0
    assert (guess.score is None) <= (guess.language == "und")
    shares = [share for _, share in guess.shares]
    assert shares == sorted(shares, reverse=True)
    assert not text or abs(sum(shares) - 1.0) <= 0.01
    assert len({code for code, _ in guess.shares}) == len(shares)
