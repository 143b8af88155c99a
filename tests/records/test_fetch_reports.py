"""A report of a fetch that does not add up cannot be made."""

import pytest

from tasks.records.errors import ContractError
from tasks.records.fetch_reports import SourceReport


@pytest.mark.parametrize(
    "counts",
    [
        {"n_asked": 2, "outcomes": {"fetched": 1}},
        {"n_asked": 1, "outcomes": {"lost": 1}},
        {"n_starts_asked": 1, "starts": {}},
        {"n_found": 1, "n_new": 2},
        {"n_found": 3, "n_new": 1, "n_excluded": 2},
    ],
)
def test_counts_that_do_not_add_up_are_refused(counts: dict[str, object]) -> None:
    with pytest.raises(ContractError, match="outlet"):
        SourceReport(source="outlet", **counts)  # type: ignore[arg-type]


def test_what_moved_and_what_did_not_change_is_no_failure() -> None:
    report = SourceReport(source="a", n_asked=4, outcomes={"fetched": 1, "unchanged": 1, "moved": 1, "gone": 1})
    assert report.failed == {"gone": 1}
