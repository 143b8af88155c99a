import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.corpus.romanisation import MAX_LETTERS, STEPS, UNSEEN, bigrams, load_romanisation

ARABIC = st.text("ابتثجحخدذرزسشصضطظعغفقكلمنهوي", min_size=1, max_size=9)
LATIN = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=10)


def cost_of(arabic: str, latin: str) -> float:
    """The cost of the cheapest chain, by its definition."""
    pairs = load_romanisation().pairs
    costs = {(0, 0): 0.0}
    for i in range(len(arabic) + 1):
        for j in range(len(latin) + 1):
            for from_arabic, from_latin in STEPS:
                to = (i + from_arabic, j + from_latin)
                unseen = UNSEEN * (from_arabic + from_latin) / 1.5 if from_arabic + from_latin <= 2 else None
                cost = pairs.get((arabic[i : to[0]], latin[j : to[1]]), unseen)
                if (i, j) in costs and cost is not None and to[0] <= len(arabic) and to[1] <= len(latin):
                    costs[to] = min(costs.get(to, 1e9), costs[i, j] + cost)
    return costs[len(arabic), len(latin)]


def alone(arabic: str, latin: str) -> float:
    model = load_romanisation()
    return sum(model.arabic.get(pair, UNSEEN) for pair in bigrams(arabic)) + sum(
        model.latin.get(pair, UNSEEN) for pair in bigrams(latin)
    )


@pytest.mark.parametrize(
    ("arabic", "latin"),
    [("كريم", "karim"), ("تازي", "tazi"), ("رشيد", "rachid"), ("محمد", "mohammed"), ("يوسف", "youssef")],
)
def test_a_spelling_is_likelier_than_chance(arabic: str, latin: str) -> None:
    assert load_romanisation().odds(arabic, latin) > 0


@pytest.mark.parametrize(
    ("arabic", "latin"), [("كريم", "samir"), ("تازي", "alaoui"), ("حسن", "hussein"), ("محمد", "ahmed")]
)
def test_another_name_has_lower_odds_than_its_own(arabic: str, latin: str) -> None:
    own = {"كريم": "karim", "تازي": "tazi", "حسن": "hassan", "محمد": "mohamed"}[arabic]
    assert load_romanisation().odds(arabic, latin) < load_romanisation().odds(arabic, own)


def test_bigrams_mark_both_ends() -> None:
    assert bigrams("ab") == ["^a", "ab", "b$"]


@pytest.mark.parametrize(("arabic", "latin"), [("ك" * (MAX_LETTERS + 1), "k"), ("ك", "k" * 10_000)])
def test_a_word_too_long_is_no_name(arabic: str, latin: str) -> None:
    assert load_romanisation().odds(arabic, latin) < -1e6


@given(ARABIC, LATIN)
def test_odds_are_those_of_the_cheapest_chain(arabic: str, latin: str) -> None:
    odds = load_romanisation().odds(arabic, latin)
    assert odds == pytest.approx(alone(arabic, latin) - cost_of(arabic, latin))


@given(ARABIC, LATIN, st.floats(-2, 2))
def test_odds_that_are_high_enough_are_exact(arabic: str, latin: str, least: float) -> None:
    exact = load_romanisation().odds(arabic, latin)
    found = load_romanisation().odds(arabic, latin, min_odds_a_letter=least)
    assert found == exact if exact >= least * (len(arabic) + len(latin)) else found <= exact
