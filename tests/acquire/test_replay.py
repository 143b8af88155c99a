"""The archive gives back what was written into it: all of it, from any answer on, and around damage."""

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.acquire.archive import Earlier, payload_digest
from tasks.acquire.members import iter_members
from tasks.acquire.replay import Replayed, read_record, replay
from tasks.records.fetches import Answer, ArchivePlace, Provenance, UrlKind
from tests.acquire.archived import AT, OUTLET, exchange, fetched, files, opened

TOLD = Provenance(
    source="The Harbour Post",
    zone="Africa/Casablanca",
    kind="page",
    found_in="http://a.example/feed.xml",
    title="وصول العبارة",
    published="2024-05-05",
    authors=("Karim Sayegh", "Léa Brun"),
)
PAGE = b"<p>A page.</p>"


def written(raw: Path, *, n_pages: int = 4) -> list[ArchivePlace]:
    """The places of pages 0, 1, ... in one file."""
    with opened(raw) as archive:
        return [archive.write(fetched(f"http://a.example/{n}"), TOLD, at=AT) for n in range(n_pages)]


def urls(raw: Path, since: dict[str, int] | None = None) -> list[str]:
    return [answer.url for answer in replay(raw, since=since or {})]


def test_replay_gives_what_was_written(tmp_path: Path) -> None:
    at, asked_at = AT + timedelta(seconds=3), AT + timedelta(seconds=1)
    hops = (
        exchange("http://a.example/old", b"", "Location: /new", status=301),
        exchange(
            "http://a.example/new", PAGE, 'ETag: "e1"', "Last-Modified: Mon, 06 May 2024 07:00:00 GMT", at=asked_at
        ),
    )
    with opened(tmp_path) as archive:
        place = archive.write(Answer(url=hops[0].url, outcome="fetched", exchanges=hops), TOLD, at=at)
    (answer,) = replay(tmp_path, since={})
    assert answer == Replayed(
        url="http://a.example/old",
        final_url="http://a.example/new",
        provenance=TOLD,
        outcome="fetched",
        detail=None,
        status=200,
        etag='"e1"',
        last_modified="Mon, 06 May 2024 07:00:00 GMT",
        digest=payload_digest(PAGE),
        at=at,
        captured_at=asked_at,
        place=place,
        read_to=files(tmp_path)[0].stat().st_size,
    )


@pytest.mark.parametrize("outcome", ["dns", "robots", "timeout", "refused_address", "error"])
def test_an_ending_without_an_answer_comes_back_with_its_reason(tmp_path: Path, outcome: str) -> None:
    with opened(tmp_path) as archive:
        archive.write(Answer(url="http://a.example/", outcome=outcome, detail="why it ended"), TOLD, at=AT)
    (answer,) = replay(tmp_path, since={})
    assert (answer.outcome, answer.detail, answer.status, answer.digest) == (outcome, "why it ended", None, None)
    assert answer.provenance == TOLD


def test_what_a_server_refused_comes_back_with_its_status(tmp_path: Path) -> None:
    refused = Answer(url="http://a.example/", outcome="gone", exchanges=(exchange("http://a.example/", status=410),))
    with opened(tmp_path) as archive:
        archive.write(refused, TOLD, at=AT)
    (answer,) = replay(tmp_path, since={})
    assert (answer.outcome, answer.status) == ("gone", 410)


def test_a_revisit_comes_back_as_unchanged_with_the_digest(tmp_path: Path) -> None:
    same = dataclasses.replace(fetched("http://a.example/1", PAGE), outcome="unchanged")
    earlier = Earlier(digest=payload_digest(PAGE), url="http://a.example/1", at=AT)
    with opened(tmp_path) as archive:
        archive.write(same, TOLD, at=AT, previous=earlier)
    (answer,) = replay(tmp_path, since={})
    assert (answer.outcome, answer.digest) == ("unchanged", payload_digest(PAGE))


@pytest.mark.parametrize("kind", ["feed", "sitemap", "section", "list", "robots"])
def test_the_bytes_that_urls_were_found_in_can_be_read_again(tmp_path: Path, kind: UrlKind) -> None:
    with opened(tmp_path) as archive:
        archive.write(fetched("http://a.example/x", b"\0found\xff"), dataclasses.replace(TOLD, kind=kind), at=AT)
    (answer,) = replay(tmp_path, since={})
    record = read_record(tmp_path, answer.place)
    assert record is not None
    assert (answer.provenance.kind, record.payload) == (kind, b"\0found\xff")


def test_replay_from_any_answer_gives_the_rest(tmp_path: Path) -> None:
    written(tmp_path)
    answers = list(replay(tmp_path, since={}))
    for n, answer in enumerate(answers, start=1):
        assert list(replay(tmp_path, since={answer.place.path: answer.read_to})) == answers[n:]


def test_replay_goes_on_as_the_file_grows(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        archive.write(fetched("http://a.example/1"), OUTLET, at=AT)
        (first,) = replay(tmp_path, since={})
        archive.write(fetched("http://a.example/2"), OUTLET, at=AT)
        assert urls(tmp_path, {first.place.path: first.read_to}) == ["http://a.example/2"]


def test_files_come_by_day(tmp_path: Path) -> None:
    for n in (2, 0, 1):
        at = AT + timedelta(days=n)
        with opened(tmp_path, f"run{n}") as archive:
            archive.write(fetched(f"http://a.example/{n}", at=at), OUTLET, at=at)
    assert urls(tmp_path) == [f"http://a.example/{n}" for n in range(3)]


def members(path: Path) -> list[tuple[int, int]]:
    with path.open("rb") as file:
        return [(member.offset, member.end) for member in iter_members(file, offset=0, keep_bytes=0)]


def damaged(raw: Path, number: int) -> None:
    """Break the record of that number: warcinfo is 0, then response, request and metadata of each answer."""
    (path,) = files(raw)
    begin, end = members(path)[number]
    path.chmod(0o644)
    content = bytearray(path.read_bytes())
    content[(begin + end) // 2] ^= 0xFF
    path.write_bytes(content)


def test_reading_goes_on_behind_a_lost_response_which_is_to_be_fetched_again(tmp_path: Path) -> None:
    written(tmp_path)
    damaged(tmp_path, 4)
    answers = list(replay(tmp_path, since={}))
    assert [(answer.url[-1], answer.outcome) for answer in answers] == [
        ("0", "fetched"),
        ("1", "error"),
        ("2", "fetched"),
        ("3", "fetched"),
    ]


def test_an_answer_whose_metadata_is_lost_is_known_by_its_response(tmp_path: Path) -> None:
    places = written(tmp_path)
    whole = list(replay(tmp_path, since={}))
    damaged(tmp_path, 6)
    answers = list(replay(tmp_path, since={}))
    assert [(answer.url, answer.place) for answer in answers] == [
        (f"http://a.example/{n}", place) for n, place in enumerate(places)
    ]
    lost = dataclasses.replace(whole[1].provenance, found_in=None, title=None, authors=())
    assert (answers[1].provenance, answers[1].digest) == (lost, whole[1].digest)


def test_an_answer_at_the_end_is_given_without_metadata_once_no_writer_is_there(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        archive.write(fetched("http://a.example/1"), OUTLET, at=AT)
        archive.write(fetched("http://a.example/2"), OUTLET, at=AT)
        (path,) = files(tmp_path)
        content = path.read_bytes()[: members(path)[-1][0] + 20]
        path.write_bytes(content)  # what a reader sees while the metadata record is on its way
        while_open = urls(tmp_path)
    assert (while_open, urls(tmp_path)) == (["http://a.example/1"], ["http://a.example/1", "http://a.example/2"])


@pytest.mark.parametrize("cut", [1, 100, 250, 700])
def test_a_torn_tail_ends_the_reading_there(tmp_path: Path, cut: int) -> None:
    written(tmp_path)
    (path,) = files(tmp_path)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-cut])
    assert urls(tmp_path)[:3] == [f"http://a.example/{n}" for n in range(3)]


def test_zeros_that_a_power_cut_left_end_the_reading(tmp_path: Path) -> None:
    written(tmp_path)
    (path,) = files(tmp_path)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + bytes(100_000))
    assert len(urls(tmp_path)) == 4


def test_a_place_that_holds_no_record_is_none(tmp_path: Path) -> None:
    place = written(tmp_path)[1]
    assert read_record(tmp_path, dataclasses.replace(place, offset=place.offset + 1)) is None
    assert read_record(tmp_path, dataclasses.replace(place, offset=10**9)) is None


def test_a_record_larger_than_the_limit_is_not_read(tmp_path: Path) -> None:
    with opened(tmp_path) as archive:
        place = archive.write(fetched("http://a.example/1", bytes(1_000_000)), OUTLET, at=AT)
    assert read_record(tmp_path, place, max_bytes=500_000) is None
    assert read_record(tmp_path, place) is not None


def test_a_raw_folder_without_an_archive_replays_nothing(tmp_path: Path) -> None:
    assert urls(tmp_path) == []
