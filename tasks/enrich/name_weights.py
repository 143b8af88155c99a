"""The weights of a trained recogniser of names, as a file and in memory."""

import io
import json
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tasks.enrich.likeness import KINDS, N_WEIGHTS
from tasks.records.errors import UsageError

FORMAT = 1
Floats: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights of one language: of features by their number, sorted; of label after label; of letters (likeness.py)."""

    features: npt.NDArray[np.uint32]
    values: npt.NDArray[np.int16]
    transitions: Floats
    letters: npt.NDArray[np.int8]
    about: dict[str, Any]

    @property
    def labels(self) -> tuple[str, ...]:
        """O, B-PER, I-PER, ... in the order of the columns."""
        return tuple(self.about["labels"])

    def of(self, numbers: Sequence[int] | npt.NDArray[np.uint32]) -> Floats:
        """A row of label scores for each feature; zeros for one that the model does not hold."""
        asked = np.asarray(numbers, dtype=np.uint32)
        rows = np.minimum(np.searchsorted(self.features, asked), len(self.features) - 1)
        found = self.values[rows].astype(np.float32) * np.float32(self.about["scale"])
        found[self.features[rows] != asked] = 0
        return found

    def save(self, path: Path) -> None:
        """Write the weights; the same weights give the same bytes."""
        arrays = {
            "features": self.features,
            "values": self.values,
            "transitions": self.transitions,
            "letters": self.letters,
            "about": np.frombuffer(json.dumps(self.about, sort_keys=True).encode(), dtype=np.uint8),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as file:
            for name, array in arrays.items():
                with file.open(zipfile.ZipInfo(f"{name}.npy"), "w") as member:
                    np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)


def read_weights(path: Path, language: str) -> Weights:
    """The weights in a file. Raises UsageError naming language, file and remedy where it is missing or broken."""
    remedy = (
        "`make models` trains it anew, installing Marsad again brings it back, `lexicon` in the settings needs none"
    )
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            found = Weights(file["features"], file["values"], file["transitions"], file["letters"], about)
        is_sound = (
            about["format"] == FORMAT
            and about["language"] == language
            and found.values.shape == (len(found.features), len(found.labels))
            and found.transitions.shape == (len(found.labels),) * 2
            and found.letters.shape == (len(KINDS), N_WEIGHTS)
            and found.labels[0] == "O"
            and len(found.features) > 0
        )
    except FileNotFoundError:
        raise UsageError(f"{language}: the model of names {path} is missing; {remedy}") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(f"{language}: the model of names {path} is not readable ({error}); {remedy}") from error
    if not is_sound:
        raise UsageError(f"{language}: {path} is no model of names for this version and language; {remedy}")
    return found


class KnownScores:
    """Scores of things met before, up to a bound, at which all are forgotten."""

    def __init__(self, width: tuple[int, int], *, most: int) -> None:
        self._most = most
        self._rows: dict[str, int] = {}
        # Row 0 is that of nothing: no word, no score.
        self.scores = np.zeros((256, *width), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, things: Iterable[str], compute: Callable[[list[str]], Floats]) -> dict[str, int]:
        """Thing -> row of `scores`, for all known; `compute` gives the scores of those not met before."""
        new = [thing for thing in things if thing not in self._rows]
        if new and len(self._rows) + len(new) > self._most:
            self._rows = {}
            new = list(things)
        if new:
            new.sort()
            begin = len(self._rows) + 1
            end = begin + len(new)
            if end > len(self.scores):
                more = np.zeros((max(2 * len(self.scores), end) - len(self.scores), *self.scores.shape[1:]), np.float32)
                self.scores = np.concatenate([self.scores, more])
            self.scores[begin:end] = compute(new)
            self._rows.update(zip(new, range(begin, end), strict=True))
        return self._rows
