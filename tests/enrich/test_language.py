from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.enrich.language import detect_language

FRENCH = "Les travaux de la conférence se sont ouverts mercredi en présence de nombreux responsables de la sécurité."
ENGLISH = "The ministers agreed on Tuesday to share more information about the networks that smuggle migrants."
ARABIC = "افتتحت الأربعاء أعمال المؤتمر بمشاركة كبار المسؤولين الأمنيين في الدول العربية."


def test_the_text_decides_and_not_its_english_menu_line() -> None:
    guess = detect_language("Home News Sport Contact\n" + "\n".join([FRENCH] * 4))
    assert (guess.language, guess.script) == ("fr", "Latn")


def test_arabic_is_ar_in_arabic_script() -> None:
    guess = detect_language(ARABIC)
    assert (guess.language, guess.script) == ("ar", "Arab")


def test_score_lies_between_0_and_1_with_three_decimals() -> None:
    score = detect_language(FRENCH).score
    assert score is not None
    assert 0.0 <= score <= 1.0
    assert score == round(score, 3)


def test_text_without_letters_is_undecided_and_has_no_script() -> None:
    guess = detect_language("12:30 — 14 / 15 🎉🎉")
    assert (guess.language, guess.score, guess.script, guess.shares) == ("und", None, None, (("und", 1.0),))


def test_empty_text_is_undecided_without_shares() -> None:
    assert detect_language("").shares == ()


def test_shares_are_by_characters_of_paragraphs_largest_first() -> None:
    guess = detect_language("\n".join([FRENCH, FRENCH, FRENCH, ENGLISH]))
    assert [language for language, _ in guess.shares] == ["fr", "en"]
    assert abs(sum(share for _, share in guess.shares) - 1.0) < 0.01


def test_short_paragraphs_add_no_language() -> None:
    guess = detect_language(f"{FRENCH}\nRead more\nPhoto: Reuters\n{FRENCH}")
    assert guess.shares == (("fr", 1.0),)


def test_japanese_with_kana_is_jpan_and_chinese_is_hani() -> None:
    assert detect_language("東京都は本日、新しい計画を発表しました。").script == "Jpan"
    assert detect_language("北京市政府今天宣布了新的城市发展计划。").script == "Hani"


def test_text_all_in_capitals_keeps_its_language() -> None:
    assert detect_language(FRENCH.upper()).language == "fr"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gives_the_same_guess_twice(text: str) -> None:
    assert detect_language(text) == detect_language(text)


@settings(max_examples=20, deadline=None)
@given(st.text(alphabet=st.characters(categories=["Cs", "Lu", "So", "Cc"]), max_size=50))
def test_lone_surrogates_and_controls_are_no_error(text: str) -> None:
    assert detect_language(text).language
