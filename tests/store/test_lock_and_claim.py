"""One writer at a time, one raw root for ever: with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import load_settings
from tasks.records.errors import LockedError, UsageError
from tasks.run import find_pending
from tasks.store.lock import claim, output_lock, owner_of

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from tasks.store.lock import output_lock
with output_lock(Path(sys.argv[1]), holder="marsad run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the lock of tmp_path / 'out'."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path / "out")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


def test_a_second_process_is_refused_and_told_the_holder(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    with (
        pytest.raises(LockedError, match=rf"marsad run \(process {holder.pid}\)"),
        output_lock(tmp_path / "out", holder="x"),
    ):
        pass


def test_a_refused_process_leaves_the_holder_s_name(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    for _ in range(2):
        with pytest.raises(LockedError, match=str(holder.pid)), output_lock(tmp_path / "out", holder="x"):
            pass


def test_the_lock_is_gone_with_a_killed_holder(tmp_path: Path, holder: "subprocess.Popen[str]") -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with output_lock(tmp_path / "out", holder="marsad rebuild"):
        assert (tmp_path / "out" / ".marsad.lock").read_text() == f"marsad rebuild (process {os.getpid()})\n"


def test_the_lock_is_free_after_the_block_even_when_it_raised(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), output_lock(tmp_path, holder="a"):
        raise ZeroDivisionError
    done = subprocess.run(
        [sys.executable, "-c", HOLDER.replace("time.sleep(60)", ""), str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "held\n"


def test_one_process_may_take_the_lock_twice_and_keeps_it(tmp_path: Path) -> None:
    code = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with output_lock(tmp_path, holder="outer"):
        with output_lock(tmp_path / "x" / "..", holder="inner"):
            pass
        done = subprocess.run(code, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, "LockedError" in done.stderr, "outer" in done.stderr) == (1, True, True)


def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"), output_lock(tmp_path / "file" / "out", holder="x"):
        pass


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """An output folder and a raw folder side by side."""
    out, raw = tmp_path / "data" / "parquet", tmp_path / "data" / "raw"
    out.mkdir(parents=True)
    raw.mkdir()
    return out, raw


def test_a_claimed_folder_belongs_to_its_raw_root(folders: tuple[Path, Path]) -> None:
    out, raw = folders
    assert owner_of(out) is None
    claim(out, raw)
    claim(out, raw / ".." / "raw")
    assert owner_of(out) == "../raw"


def test_another_raw_root_is_refused_and_both_are_named(folders: tuple[Path, Path], tmp_path: Path) -> None:
    out, raw = folders
    claim(out, raw)
    with pytest.raises(UsageError, match=f"belongs to the raw folder {raw}, not to {tmp_path / 'other'}"):
        claim(out, tmp_path / "other")


def test_a_claim_survives_the_move_of_both_folders(folders: tuple[Path, Path], tmp_path: Path) -> None:
    out, raw = folders
    claim(out, raw)
    (tmp_path / "data").rename(tmp_path / "moved")
    claim(tmp_path / "moved" / "parquet", tmp_path / "moved" / "raw")


def test_a_raw_root_that_is_no_utf8_can_claim(folders: tuple[Path, Path], tmp_path: Path) -> None:
    raw = tmp_path / os.fsdecode(b"caf\xe9")
    claim(folders[0], raw)
    claim(folders[0], raw)


@pytest.mark.parametrize("damaged", [b"", b"{}", b"[]", b"\xff\xfe", b'{"raw"', b"null"])
def test_a_damaged_claim_is_a_usage_error(folders: tuple[Path, Path], damaged: bytes) -> None:
    (folders[0] / ".marsad.json").write_bytes(damaged)
    with pytest.raises(UsageError, match="damaged"):
        claim(*folders)


def test_a_raw_folder_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "out").mkdir()
    claim(tmp_path / "out", tmp_path / "raw")
    settings = load_settings(raw_dir=tmp_path / "nowhere", out_dir=tmp_path / "out")
    with pytest.raises(UsageError, match="nowhere does not exist"):
        find_pending(settings)
