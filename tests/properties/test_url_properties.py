"""One page has one address, however it was reached."""

from random import Random
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from tasks.extract.urls import TRACKING_NAMES, canonical_url, clean_url, page_id, site_of

SCHEMES = st.sampled_from(["http://", "https://", "HTTP://", "hTTps://", "//", "ftp://", ""])
ODD_TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
PIECES = st.one_of(
    ODD_TEXT,
    st.text(max_size=6),
    st.sampled_from(
        [
            "%",
            "%2",
            "%41",
            "%2F",
            "%C3%A9",
            "%00",
            "..",
            ".",
            "/",
            "?",
            "#",
            "&",
            "=",
            ";",
            "\\",
            "@",
            ":",
            ":80",
            "[",
            "]",
            "::1",
            "xn--",
            "café",
            "خبر",
            " ",
            "\u200f",
            "\ufeff",
            "\ud800",
            "a.example",
            "127.0.0.1",
            "jsessionid=1",
        ]
    ),
)
ADDRESSES = st.tuples(SCHEMES, st.lists(PIECES, max_size=10).map("".join)).map("".join)
SEGMENTS = st.lists(st.text("abcXYZ012-_~é خ", min_size=1, max_size=8), max_size=4)
# Names that tell pages apart on real sites, and values of every kind.
NAMED = st.dictionaries(
    st.sampled_from(["id", "sid", "cid", "p", "ref", "source", "page", "lang", "q"]), ODD_TEXT, max_size=5
)
TRACKING = st.lists(
    st.tuples(
        st.one_of(
            st.sampled_from(sorted(TRACKING_NAMES)),
            st.text("abc_", max_size=5).map("utm_".__add__),
            st.just("UTM_Source"),
        ),
        st.text("abc019-.", max_size=6),
    ),
    max_size=5,
)


@given(url=ADDRESSES, link=st.one_of(st.none(), ADDRESSES))
def test_any_text_is_cleaned_once_and_for_all(url: str, link: str | None) -> None:
    cleaned = clean_url(url)
    if cleaned is not None:
        assert clean_url(cleaned) == cleaned
        assert cleaned.isascii()
        assert site_of(cleaned) == site_of(url)
    canonical = canonical_url(url, link)
    assert canonical is None or clean_url(canonical) == canonical


@given(segments=SEGMENTS, named=NAMED, tracking=TRACKING, fragment=ODD_TEXT, order=st.randoms(use_true_random=False))
def test_tracking_order_and_fragment_name_no_other_page(
    segments: list[str],
    named: dict[str, str],
    tracking: list[tuple[str, str]],
    fragment: str,
    order: Random,
) -> None:
    pairs = [f"{name}={quote(value, safe='')}" for name, value in named.items()]
    path = "https://News.example/" + "/".join(quote(segment) for segment in segments)
    plain = f"{path}?{'&'.join(pairs)}" if pairs else path
    reached = [*pairs, *(f"{name}={value}" for name, value in tracking)]
    order.shuffle(reached)
    other = path.replace("News.example", "news.EXAMPLE:443") + "?" + "&".join(reached) + "#" + quote(fragment)
    assert clean_url(other) == clean_url(plain)
    ids = {page_id(canonical_url=canonical_url(url, None), url=url, raw_path="a") for url in (plain, other)}
    assert len(ids) == 1


@given(one=NAMED, two=NAMED)
def test_what_names_a_page_keeps_pages_apart(one: dict[str, str], two: dict[str, str]) -> None:
    urls = [
        "https://news.example/a?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in named.items())
        for named in (one, two)
    ]
    assert (clean_url(urls[0]) == clean_url(urls[1])) == (one == two)
