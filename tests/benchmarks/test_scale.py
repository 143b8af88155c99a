import pytest

from benchmarks import scale


@pytest.mark.pool
def test_every_measure_but_the_new_pages_stands_in_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    scale.main(["--rows", "2000", "--files", "4", "--small", "6", "--new", "0"])
    table = [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert table == [
        "what",
        "nothing to do",
        "nothing to do, small files",
        "count by language and month",
        "latest by URL",
    ]


def test_table_says_which_ceiling_is_missed() -> None:
    assert scale.report({"count_s": 1.2, "latest_s": 0.5, "incremental_s": 20.0}, {"count_s": 1, "latest_s": 1}) == (
        "| what                        | seconds | ceiling | verdict |\n"
        "|-----------------------------|--------:|--------:|--------:|\n"
        "| count by language and month |    1.20 |       1 |   ABOVE |\n"
        "| latest by URL               |    0.50 |       1 |      ok |\n"
        "| new pages, whole command    |   20.00 |       – |         |"
    )
