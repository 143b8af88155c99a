"""SIGKILL of a build at any moment: readers never see a wrong row, nothing is lost, no process stays behind."""

import pytest

from tests.soak.kills import kill_builds
from tests.soak.table import Line

N_KILLS = 10


@pytest.mark.crash
def test_ten_kills_leave_no_wrong_answer_and_no_process() -> None:
    line = Line(what="kills")
    between = kill_builds(line, n_kills=N_KILLS)
    assert line.is_good, line.findings
    assert between >= N_KILLS // 2 + 1
