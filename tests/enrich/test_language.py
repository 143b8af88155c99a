import pytest
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


@pytest.mark.parametrize(
    "text",
    [
        "واش كاين شي حد هنا؟ راني كنتسناك من الصباح",
        "بغيت نمشي للدار دابا حيت عييت بزاف",
        "شنو بغيتي دابا؟ ماعندي والو، غادي نشوف واش كاين شي حد",
        "كنهضر معاك دابا، شوف راه الوقت مشا وماكاين والو",
        "wach kayn chi had hna? rani kantsnak mn sbah",
        "bghit nmchi l dar daba 7it 3yit bzaf",
        "chno drti lbar7 f lil? ma3reftch 3lach majitich m3ana",
        "kanhder m3ak w nta makatsme3nich, chouf rah lwe9t mcha",
    ],
)
def test_darija_is_ary_in_both_scripts(text: str) -> None:
    guess = detect_language(text)
    assert guess.language == "ary"
    assert guess.shares == (("ary", 1.0),)
    assert guess.score is not None
    assert 0.6 < guess.score <= 1


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("ar", ARABIC),
        ("ar", "قال الوزير إن الحكومة ستعرض مشروع القانون على البرلمان خلال الأسبوع المقبل، دون أن يحدد موعدا لذلك."),
        ("ar", "ولم يصدر أي تعليق رسمي من الشركة حتى الآن، غير أن مصادر مطلعة أكدت توقف العمل في المصنع."),
        ("fa", "وزیر خارجه گفت که گفتگوها هفته آینده در تهران ادامه خواهد یافت و نتیجه آن اعلام می‌شود."),
        ("ur", "وزیر اعظم نے کہا ہے کہ حکومت اگلے ہفتے نیا قانون پارلیمان میں پیش کرے گی۔"),
        ("fr", FRENCH),
        ("en", ENGLISH),
        (
            "es",
            "El alcalde anunció ayer que la nueva línea del tranvía abrirá en marzo, con dos años de retraso.",
        ),
        (
            "ca",
            "L'alcalde va anunciar ahir que la nova línia del tramvia obrirà al març, amb dos anys de retard.",
        ),
        (
            "pt",
            "O prefeito anunciou ontem que a nova linha do bonde será aberta em março, com dois anos de atraso.",
        ),
    ],
)
def test_near_languages_are_told_apart_and_none_of_them_is_darija(language: str, text: str) -> None:
    assert detect_language(text).language == language


def test_a_quotation_in_darija_is_a_share_of_an_arabic_text() -> None:
    quotation = "بغيت نمشي للدار دابا حيت عييت بزاف، وما عرفتش علاش ما بغاش يخليني نمشي"
    guess = detect_language("\n".join([ARABIC, ARABIC, quotation, ARABIC]))
    assert guess.language == "ar"
    assert [language for language, _ in guess.shares] == ["ar", "ary"]


@pytest.mark.parametrize("text", ["Brent 2024 OPEC", "Real Madrid - FC Barcelona", "Lorem ipsum dolor"])
def test_a_text_that_could_only_be_guessed_is_undecided(text: str) -> None:
    guess = detect_language(text)
    assert (guess.language, guess.score, guess.shares) == ("und", None, (("und", 1.0),))


def test_a_text_in_two_scripts_is_in_the_language_of_most_of_its_paragraphs() -> None:
    guess = detect_language("\n".join([FRENCH, ARABIC, FRENCH, ARABIC, FRENCH, ARABIC, FRENCH, FRENCH]))
    assert guess.language == "fr"
    assert guess.shares[0][0] == "fr"
    assert dict(guess.shares)["ar"] > 0.2
    assert guess.score is not None
    assert guess.score == pytest.approx(guess.shares[0][1], abs=0.25)


@pytest.mark.parametrize("name", ["Société Générale", "Nicolas Lefèvre", "القاهرة", "الأمم المتحدة"])
def test_a_name_alone_is_not_darija(name: str) -> None:
    assert detect_language(name).language != "ary"
