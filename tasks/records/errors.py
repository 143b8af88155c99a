"""The errors Marsad raises on purpose.

    MarsadError                   every one of them; the message names the subject, what came, what was due
    ├── UsageError                the command could not run: a wrong path, setting or query (exit code 2)
    │   ├── LockedError           another process is writing the same output folder
    │   └── SchemaError           the files of the output folder have another schema; `marsad rebuild` is the remedy
    ├── ContractError             code or data broke a promise: counts that do not add up, a duplicate id
    └── RunFailed                 the run went through, and a batch of it failed (exit code 1)

A bad page is none of these: it becomes a `Rejection` (tasks/records/article.py) and a row of `pages`.
"""

import errno
import os
import re
import traceback
from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT}
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
MACHINE_PATH = re.compile(r"(?:/[^/\s'\":]{1,255}){2,}/")


class MarsadError(Exception):
    """Base of every error that Marsad raises on purpose."""


class UsageError(MarsadError):
    """The command could not run as it was called."""


class LockedError(UsageError):
    """Another process holds the lock of the output folder."""


class SchemaError(UsageError):
    """Existing files have another schema than this version writes."""


class ContractError(MarsadError):
    """Code or data broke a promise of the design."""


class RunFailed(MarsadError):
    """A run ended, and at least one of its batches failed."""


def describe_error(error: BaseException) -> str:
    """Type, message and places of an error, without addresses or paths of a machine."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).stem}:{frame.lineno} {frame.name}" for frame in frames[-12:]]
    message = MACHINE_PATH.sub("", ADDRESS.sub("0x", str(error)[:5_000]))[:500]
    return "\n".join([f"{type(error).__name__}: {message}", *places])


def failure_sentence(error: BaseException) -> str:
    """What a failed batch says to an operator: the remedy where there is one, else type and message of the error."""
    # DuckDB tells what the system said within an error of its own.
    code = error.errno if isinstance(error, OSError) else None
    full = next((full for full in sorted(FULL) if full == code or os.strerror(full) in str(error)), None)
    if full:
        return f"the disk is full ({os.strerror(full)}); make room and run again, what was finished stays"
    return f"{type(error).__name__}: {error}"
