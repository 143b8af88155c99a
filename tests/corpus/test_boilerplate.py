"""The rule of site boilerplate, on pages made for it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.corpus.boilerplate import (
    MAX_PAGES,
    MIN_COUNT,
    MIN_PAGES,
    PageLines,
    SiteRule,
    line_key,
    page_lines,
    rules_digest,
    rules_of,
    sample_lines,
    strip,
)

SLOGAN = "The Harbour Post, the paper of the coast since 1911, is printed on paper made of seaweed and of old nets."
LEAD = "The new tram line will open in March, two years later than planned, the mayor said on Thursday in the old port."


def own(number: int, n_lines: int = 4) -> list[str]:
    """Paragraphs that stand on one page alone."""
    return [
        f"Paragraph {line} of story {number} says what no other story of this paper says so." for line in range(n_lines)
    ]


def page(number: int, lines: list[str], *, site: str = "post.example") -> PageLines:
    return page_lines(site=site, page_id=f"page {number}", document_id=f"document {number}", text="\n".join(lines))


def rule_of(pages: list[PageLines]) -> SiteRule:
    return rules_of(sample_lines(pages)).get("post.example", SiteRule(frozenset(), frozenset()))


def test_a_line_of_every_page_is_boilerplate() -> None:
    rule = rule_of([page(n, [*own(n), SLOGAN]) for n in range(12)])
    assert rule.lines == {line_key(SLOGAN)}


def test_case_spaces_and_unicode_form_do_not_matter() -> None:
    variants = [SLOGAN, SLOGAN.upper(), SLOGAN.replace(" ", "  "), SLOGAN.replace("a", "\uff41")]
    rule = rule_of([page(n, [*own(n), variants[n % 4]]) for n in range(12)])
    assert rule.lines == {line_key(SLOGAN)}


def test_a_site_of_few_pages_is_too_small_to_judge() -> None:
    assert not rule_of([page(n, [*own(n), SLOGAN]) for n in range(MIN_PAGES - 1)]).lines
    assert rule_of([page(n, [*own(n), SLOGAN]) for n in range(MIN_PAGES)]).lines


@pytest.mark.parametrize(("n_with", "is_boilerplate"), [(MIN_COUNT - 1, False), (MIN_COUNT, True)])
def test_a_line_of_fewer_pages_than_the_least_stays(n_with: int, is_boilerplate: bool) -> None:
    pages = [page(n, [*own(n), SLOGAN] if n < n_with else own(n)) for n in range(10)]
    assert bool(rule_of(pages).lines) is is_boilerplate


@pytest.mark.parametrize(("n_with", "is_boilerplate"), [(24, False), (25, True)])
def test_a_line_of_less_than_a_quarter_of_the_pages_stays(n_with: int, is_boilerplate: bool) -> None:
    pages = [page(n, [*own(n), SLOGAN] if n < n_with else own(n)) for n in range(100)]
    assert bool(rule_of(pages).lines) is is_boilerplate


def test_lines_of_other_sites_do_not_count() -> None:
    pages = [page(n, [*own(n), SLOGAN], site=f"site-{n}.example") for n in range(30)]
    assert rules_of(sample_lines(pages)) == {}


def test_a_teaser_goes_everywhere_but_from_the_page_whose_article_it_is() -> None:
    article = [LEAD, *own(0)]
    others = [[*own(n), LEAD] for n in range(1, 12)]
    rule = rule_of([page(n, lines) for n, lines in enumerate([article, *others])])
    assert rule.lines == rule.teased == {line_key(LEAD)}
    assert strip("\n".join(article), rule).text == "\n".join(article)
    assert strip("\n".join(others[0]), rule).text == "\n".join(own(1))


def test_a_line_that_opens_every_page_goes() -> None:
    rule = rule_of([page(n, [SLOGAN, *own(n)]) for n in range(12)])
    assert not rule.teased
    assert strip("\n".join([SLOGAN, *own(3)]), rule).text == "\n".join(own(3))


def test_what_is_taken_out_is_kept_with_its_position_and_offsets_move() -> None:
    rule = SiteRule(frozenset({line_key(SLOGAN), line_key("Menu")}), frozenset())
    first, second, *rest = own(1)
    text = "\n".join([first, SLOGAN, second, "Menu", *rest])
    stripped = strip(text, rule)
    assert stripped.removed == ((1, SLOGAN), (3, "Menu"))
    for word in ("Paragraph 0", "Paragraph 1", "Paragraph 3"):
        start = text.index(word)
        moved = stripped.moved(start, start + len(word))
        assert moved is not None
        assert stripped.text[moved : moved + len(word)] == word
    start = text.index("seaweed")
    assert stripped.moved(start, start + 7) is None


def test_a_text_of_little_else_is_left_as_it_is() -> None:
    rule = SiteRule(frozenset({line_key(SLOGAN), line_key(LEAD)}), frozenset())
    text = f"{SLOGAN}\nShort.\n{LEAD}"
    assert strip(text, rule).text == text
    assert strip(text, rule).removed == ()


def test_copies_of_one_article_are_left_whole() -> None:
    copies = [page(n, own(0)) for n in range(6)]
    rule = rule_of([*copies, *(page(n, own(n)) for n in range(6, 12))])
    assert rule.lines
    assert strip("\n".join(own(0)), rule).removed == ()


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_a_sample_of_samples_is_the_sample_of_all(seed: int, n_parts: int) -> None:
    dice = random.Random(seed)
    pages = [
        PageLines(
            f"site-{dice.randint(0, 2)}", dice.randint(0, 4 * MAX_PAGES), dice.randint(0, 99), (dice.randint(0, 9),)
        )
        for _ in range(dice.randint(0, 3 * MAX_PAGES))
    ]
    # A capture is one document: the same keys bear the same lines.
    pages = list({(page.site, page.page_key, page.document_key): page for page in pages}.values())
    whole = list(sample_lines(pages))
    dice.shuffle(pages)
    parts = [page for part in range(n_parts) for page in sample_lines(pages[part::n_parts])]
    assert list(sample_lines(parts)) == whole
    assert all(sum(page.site == site for page in whole) <= MAX_PAGES for site in {page.site for page in whole})


def test_a_digest_is_of_the_rules_of_its_sites_alone() -> None:
    one, other = SiteRule(frozenset({1}), frozenset()), SiteRule(frozenset({2}), frozenset({2}))
    assert rules_digest({"a": one, "b": other}, ["a"]) == rules_digest({"a": one}, ["a", "c"])
    assert rules_digest({"a": one}, ["a"]) != rules_digest({"a": other}, ["a"])
    assert rules_digest({}, ["a"]) == rules_digest({"b": one}, [])
