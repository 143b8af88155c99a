"""What comes from the web cannot command the terminal that shows it."""

import pytest

from flows.terminal import cell_text


@pytest.mark.parametrize("sign", ["\x1b[2J", "\x9b31m", "\x07", "\r", "\x7f"])
def test_control_characters_are_shown_and_not_obeyed(sign: str) -> None:
    shown = cell_text(f"Quai {sign} الرصيف\tx\ny").plain
    assert sign[0] not in shown
    assert shown.startswith("Quai \ufffd")
    assert shown.endswith(" الرصيف\tx\ny")
