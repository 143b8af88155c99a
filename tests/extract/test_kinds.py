"""Lists of articles are told from articles, and teasers from articles that are open."""

import json
from typing import Any

import pytest

from tasks.extract.article import extract_article
from tasks.records.article import Article, Rejection
from tasks.records.raw import RawRecord

PROSE = (
    "The new tram line will open in March, two years later than the city had planned, the mayor said on Thursday.",
    "It will carry some forty thousand people a day between the harbour and the university, by the planners' count.",
    "Residents of the old quarter had gone to court over the noise; the judges told the builders to plant two rows.",
)
ARTICLE = "".join(f"<p>{prose}</p>" for prose in PROSE)
LONG_ARTICLE = ARTICLE * 8
HEADLINES = [f"Story number {n} about the harbour and its trams" for n in range(12)]
LIST = "".join(
    f'<div class="teaser"><h2><a href="/2024/{n}">{headline}</a></h2><p>{PROSE[n % 3]}</p></div>'
    for n, headline in enumerate(HEADLINES)
)


def outcome_of(body: str, *, url: str, data: dict[str, Any] | None = None, head: str = "") -> Article | Rejection:
    if data is not None:
        head += f'<script type="application/ld+json">{json.dumps(data)}</script>'
    html = f"<!DOCTYPE html><html><head><title>The Harbour Post</title>{head}</head><body>{body}</body></html>"
    record = RawRecord(
        container="c", position="0", raw_path="c/p", payload=html.encode(), media_type="text/html", url=url
    )
    return extract_article(record, min_chars=50)


def is_listing(outcome: Article | Rejection) -> bool:
    return isinstance(outcome, Rejection) and outcome.reason == "listing"


@pytest.mark.parametrize(
    "url",
    [
        "https://post.example/",
        "https://post.example",
        "https://post.example/fr/",
        "https://post.example/index.html",
        "https://post.example/tag/harbour",
        "https://post.example/tags/harbour/page/2/",
        "https://post.example/category/news/local",
        "https://post.example/news/page/3",
        "https://post.example/author/anna-muster/",
        "https://post.example/rubrique/economie",
        "https://post.example/tema/puerto",
        "https://post.example/?s=harbour",
        "https://post.example/search?q=harbour",
    ],
)
def test_a_list_of_headlines_under_the_address_of_one_is_a_listing(url: str) -> None:
    assert is_listing(outcome_of(LIST, url=url))


@pytest.mark.parametrize("type_", ["CollectionPage", "SearchResultsPage", ["WebPage", "CollectionPage"]])
def test_a_list_of_headlines_that_calls_itself_one_is_a_listing(type_: object) -> None:
    assert is_listing(outcome_of(LIST, url="https://post.example/harbour", data={"@type": type_}))


@pytest.mark.parametrize(
    "url",
    ["https://post.example/2024/05/tram-line", "https://post.example/news/tram-line.html", "https://post.example/tags"],
)
def test_headlines_alone_make_no_listing(url: str) -> None:
    outcome = outcome_of(f"<article>{LONG_ARTICLE}</article><aside>{LIST}</aside>", url=url)
    assert isinstance(outcome, Article)


def test_an_article_on_the_home_page_is_one() -> None:
    outcome = outcome_of(f"<article>{LONG_ARTICLE}</article>{LIST}", url="https://post.example/")
    assert isinstance(outcome, Article)
    assert not outcome.is_listing


def test_a_page_that_states_its_article_is_no_listing() -> None:
    data = {"@type": "NewsArticle", "headline": "New tram line"}
    assert isinstance(outcome_of(f"{ARTICLE}{LIST}", url="https://post.example/tag/tram", data=data), Article)


def test_a_row_of_pages_says_that_it_is_a_listing() -> None:
    outcome = outcome_of(LIST, url="https://post.example/")
    assert isinstance(outcome, Rejection)
    assert (outcome.stage, outcome.detail) == ("extract", None)


URL = "https://post.example/2024/05/tram-line"


def paywalled(body: str, **told: Any) -> bool | None:
    outcome = outcome_of(body, url=URL, **told)
    assert isinstance(outcome, Article), outcome
    return outcome.is_paywalled


@pytest.mark.parametrize("value", [False, "False", "false", "no", "http://schema.org/False"])
def test_a_short_text_that_is_not_open_is_a_teaser(value: object) -> None:
    data = {"@type": "NewsArticle", "isAccessibleForFree": value}
    assert paywalled(f"<article>{ARTICLE}</article>", data=data) is True


@pytest.mark.parametrize("value", [True, "True", None])
def test_an_open_text_is_no_teaser(value: object) -> None:
    data = {"@type": "NewsArticle", "isAccessibleForFree": value}
    assert paywalled(f"<article>{ARTICLE}</article>", data=data) is False


def test_a_whole_text_is_no_teaser_though_readers_pay_for_it() -> None:
    data = {"@type": "NewsArticle", "isAccessibleForFree": False}
    assert paywalled(f"<article>{LONG_ARTICLE}</article>", data=data) is False


@pytest.mark.parametrize(("count", "is_teaser"), [(60, False), (400, True), ("400", True)])
def test_the_number_of_words_decides_where_it_is_stated(count: object, is_teaser: bool) -> None:
    data = {"@type": "NewsArticle", "isAccessibleForFree": False, "wordCount": count}
    assert paywalled(f"<article>{ARTICLE}</article>", data=data) is is_teaser


def test_the_content_tier_counts() -> None:
    head = '<meta property="article:content_tier" content="locked">'
    assert paywalled(f"<article>{ARTICLE}</article>", head=head) is True


@pytest.mark.parametrize(
    "mark", ['class="paywall"', 'class="article-paywall box"', 'id="paywall-offer"', 'class="premium-wall"']
)
def test_an_element_named_a_paywall_counts_beside_a_short_text(mark: str) -> None:
    wall = f"<div {mark}><p>Subscribe to go on reading.</p></div>"
    assert paywalled(f"<article>{ARTICLE}</article>{wall}") is True
    assert paywalled(f"<article>{LONG_ARTICLE}</article>{wall}") is False
