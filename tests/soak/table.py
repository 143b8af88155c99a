"""What a part of the soak found, and the table of all parts."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.dataset as ds

HEADINGS = ["what", "how many", "wrong", "lost", "doubled", "orphans", "hangs", "seconds"]


@dataclass(slots=True, kw_only=True)
class Line:
    """One line of the table.

    `wrong`: answers, rows, files, exit codes or sentences that are not what they must be. `lost` and `doubled`: pages.
    `orphans`: processes and temporary files left behind. `hangs`: what did not end in its time. `findings` say each.
    """

    what: str
    how_many: str = ""
    wrong: int = 0
    lost: int = 0
    doubled: int = 0
    orphans: int = 0
    hangs: int = 0
    seconds: float = 0.0
    findings: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.wrong or self.lost or self.doubled or self.orphans or self.hangs or self.findings)

    def complain(self, finding: str) -> None:
        """Note one thing that is wrong."""
        self.wrong += 1
        self.findings.append(finding)

    def hold_against(self, out: Path, fresh: Path, *, after: str) -> None:
        """Note what tells a built output folder from a fresh build, pages lost and doubled first."""
        came, due = _ids(out), _ids(fresh)
        lost, doubled = (due - came).total(), (came - due).total()
        self.lost += lost
        self.doubled += doubled
        if lost or doubled:
            self.findings.append(f"after {after}: {lost} pages lost, {doubled} doubled")
        elif differing := different_files(out, fresh):
            self.complain(f"after {after}: {len(differing)} files differ from a fresh build, first {differing[0]}")
        temporary = list(out.rglob(".*.tmp"))
        self.orphans += len(temporary)
        self.findings += [f"after {after}: left behind {path.name}" for path in temporary]


def _ids(out: Path) -> Counter[str]:
    table = ds.dataset(out / "pages").to_table(columns=["document_id"])
    return Counter(table.column("document_id").to_pylist())


def different_files(out: Path, fresh: Path) -> list[str]:
    """Paths of dataset files that two output folders do not share byte for byte."""
    from tests.driver import dataset_bytes  # noqa: PLC0415

    one, other = dataset_bytes(out), dataset_bytes(fresh)
    return sorted(path for path in one.keys() | other.keys() if one.get(path) != other.get(path))


def markdown(lines: Iterable[Line]) -> str:
    """The table for the README."""
    rows = [f"| {' | '.join(HEADINGS)} |", f"|{'---|' * len(HEADINGS)}"]
    for line in lines:
        numbers = [line.wrong, line.lost, line.doubled, line.orphans, line.hangs]
        rows.append(f"| {line.what} | {line.how_many} | {' | '.join(map(str, numbers))} | {line.seconds:.0f} |")
    return "\n".join(rows)
