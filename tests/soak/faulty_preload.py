"""What `tasks.preload` loads, with the fault that the environment names: every worker is forked with it."""

import os

import tasks.preload  # noqa: F401 - importing it is what loads
from tests.soak.faults import VARIABLE, plant

plant(os.environ[VARIABLE])
