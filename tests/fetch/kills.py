"""Fetches in processes of their own, killed at a moment, and what both libraries read of what they left."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from fastwarc.warc import ArchiveIterator
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from config.settings import Settings


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    told = json.loads(settings.model_dump_json(exclude_defaults=True))
    return subprocess.Popen([sys.executable, "-m", "tests.fetch.driver", json.dumps(told)], start_new_session=True)


def kill_at(settings: Settings, seconds: float) -> None:
    """Nothing; a fetch has run for so long, and was killed."""
    with _start(settings) as process:
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGKILL)


def n_records(path: Path) -> tuple[int, int]:
    """The records of a file by fastwarc and by warcio, once it is known to be whole gzip."""
    with gzip.open(path) as file:
        while file.read(1 << 20):
            pass
    with path.open("rb") as file:
        by_fastwarc = sum(1 for _ in ArchiveIterator(file))
    with path.open("rb") as file:
        by_warcio = sum(1 for _ in WarcioIterator(file, check_digests="raise"))
    return by_fastwarc, by_warcio
