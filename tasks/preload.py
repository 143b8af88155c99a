"""Imported once by the fork server of the worker pool, so that every worker starts with all of it in memory.

Importing this module has an effect on purpose (models and date locales are loaded); nothing else may import it.
"""

import gc
import os
import signal
from types import FrameType

# The fork server notices the death of its parent only between requests; loading takes seconds.
CHECK_PARENT_S = 0.25
_parent = os.getppid()


def _leave_with_parent(_signal: int, _frame: FrameType | None) -> None:
    if os.getppid() != _parent:
        os._exit(0)


signal.signal(signal.SIGALRM, _leave_with_parent)
signal.setitimer(signal.ITIMER_REAL, CHECK_PARENT_S, CHECK_PARENT_S)
try:
    from config.settings import GAZETTEERS
    from tasks import pipeline

    pipeline.warm_up(GAZETTEERS, pipeline.choices_from(os.environ))
    # What is loaded stays: the collector need not walk through it, which would also copy its memory to each worker.
    gc.collect()
    gc.freeze()
finally:
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
