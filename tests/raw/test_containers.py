"""What of a raw root is a container, by names alone."""

import hashlib
import os
from pathlib import Path

import pytest

from tasks.raw.containers import batch_id, kind_of, list_containers, list_raw
from tasks.records.batches import Kind
from tasks.records.errors import UsageError
from tests.raw.archives import put


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.warc", Kind.WARC), ("a.warc.gz", Kind.WARC), ("A.WARC.GZ", Kind.WARC), ("a.jsonl", Kind.JSONL),
        ("a.jsonl.gz", Kind.JSONL), ("a.zip", Kind.ZIP), ("a.html", Kind.LOOSE), ("a.htm.gz", Kind.LOOSE),
        ("a.xhtml", Kind.LOOSE), ("a.txt.gz", Kind.LOOSE), ("a.pdf", None), ("a.gz", None), ("a", None),
        ("a.zip.gz", None), ("html", None), ("a.html.bak", None), ("a.arc.gz", Kind.ARC), ("a.json", None),
        ("a.arc", Kind.ARC), ("a.warc.zst", Kind.WARC), ("a.jsonl.bz2", Kind.JSONL), ("a.tar", Kind.TAR),
        ("a.tgz", Kind.TAR),
        ("a.tar.zst", Kind.TAR), ("a.html.zst", Kind.LOOSE), ("a.mhtml", Kind.LOOSE), ("a.mht.gz", Kind.LOOSE),
    ],
)  # fmt: skip
def test_the_name_says_how_a_file_is_read(name: str, kind: Kind | None) -> None:
    assert kind_of(name) == kind


def test_loose_pages_under_one_top_level_folder_are_together(tmp_path: Path) -> None:
    for path in ["a/1.html", "a/x/2.txt", "a/x/y/3.htm.gz", "b/4.html", "5.html", "a/c.warc", "a/d.jsonl", "a/e.zip"]:
        put(tmp_path, path, b"")
    found = {(c.path, c.kind): [f.path for f in c.files] for c in list_containers(tmp_path)}
    assert found == {
        ("", Kind.LOOSE): ["5.html"],
        ("a", Kind.LOOSE): ["a/1.html", "a/x/2.txt", "a/x/y/3.htm.gz"],
        ("a/c.warc", Kind.WARC): [],
        ("a/d.jsonl", Kind.JSONL): [],
        ("a/e.zip", Kind.ZIP): [],
        ("b", Kind.LOOSE): ["b/4.html"],
    }


def test_warc_and_plain_jsonl_may_grow_and_others_may_not(tmp_path: Path) -> None:
    for name in ["a.warc", "b.warc.gz", "c.jsonl", "d.jsonl.gz", "e.zip"]:
        put(tmp_path, name, b"")
    assert [c.is_append_only for c in list_containers(tmp_path)] == [True, True, True, False, False]


def test_hidden_files_and_folders_are_not_there(tmp_path: Path) -> None:
    for path in [".hidden.html", ".git/a.html", "o/.a.warc", "o/.cache/b.jsonl"]:
        put(tmp_path, path, b"x")
    assert list_containers(tmp_path) == []


def test_links_out_of_the_root_are_not_followed(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    put(raw, "o/a.html", b"x")
    put(tmp_path, "outside/b.html", b"secret")
    (raw / "o" / "b.html").symlink_to(tmp_path / "outside" / "b.html")
    (raw / "out").symlink_to(tmp_path / "outside")
    (raw / "rel.warc").symlink_to("../outside/b.html")
    assert [f.path for c in list_containers(raw) for f in c.files] == ["o/a.html"]


def test_a_link_inside_the_root_is_a_page(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x")
    (tmp_path / "o" / "b.html").symlink_to("a.html")
    assert [f.path for c in list_containers(tmp_path) for f in c.files] == ["o/a.html", "o/b.html"]


def test_links_that_lead_to_themselves_or_nowhere_are_not_there(tmp_path: Path) -> None:
    put(tmp_path, "o/a.html", b"x")
    (tmp_path / "o" / "loop.html").symlink_to("loop.html")
    (tmp_path / "o" / "dead.html").symlink_to("nothing.html")
    (tmp_path / "o" / "up").symlink_to("..")
    (tmp_path / "o" / "meta.jsonl").symlink_to("meta.jsonl")
    assert [f.path for c in list_containers(tmp_path) for f in c.files] == ["o/a.html"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.html")
    os.mkfifo(tmp_path / "a.warc")
    assert list_containers(tmp_path) == []


def test_a_folder_named_like_a_container_is_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "news.zip/a.html", b"x")
    assert [(c.path, c.kind) for c in list_containers(tmp_path)] == [("news.zip", Kind.LOOSE)]


def test_the_order_does_not_depend_on_the_order_of_writing(tmp_path: Path) -> None:
    for name in ["b", "a", "c"]:
        put(tmp_path / "one", f"o/{name}.html", b"x")
        put(tmp_path / "one", f"{name}.warc", b"x")
    for name in ["c", "b", "a"]:
        put(tmp_path / "two", f"{name}.warc", b"x")
        put(tmp_path / "two", f"o/{name}.html", b"x")
    one, two = ([(c.path, [f.path for f in c.files]) for c in list_containers(tmp_path / n)] for n in ("one", "two"))
    assert one == two


def test_names_that_are_no_utf8_are_listed(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.warc")).write_bytes(b"")
    assert [os.fsencode(c.path) for c in list_containers(tmp_path)] == [b"caf\xe9.warc"]


@pytest.mark.parametrize("make", [Path.touch, lambda path: None])
def test_a_root_that_is_no_folder_is_a_usage_error(tmp_path: Path, make: object) -> None:
    make(tmp_path / "raw")  # type: ignore[operator]
    with pytest.raises(UsageError, match=r"does not exist|is no folder"):
        list_containers(tmp_path / "raw")


def test_batch_id_is_made_of_container_and_part() -> None:
    assert batch_id("o/a.warc", "3") == hashlib.sha256(b"o/a.warc\x003").hexdigest()[:16]


def test_files_of_other_kinds_are_listed_as_unread(tmp_path: Path) -> None:
    for name in ("a.html", "b.pdf", "c.docx", ".hidden"):
        (tmp_path / name).write_bytes(b"x")
    listing = list_raw(tmp_path)
    assert listing.unread == ["b.pdf", "c.docx"]
    assert [file.path for container in listing.containers for file in container.files] == ["a.html"]


def test_a_file_as_raw_root_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"x")
    with pytest.raises(UsageError, match="is no folder"):
        list_raw(tmp_path / "a.html")
