"""justext's judgement of short paragraphs by their neighbours, in linear time.

trafilatura falls back on justext, whose search for a neighbour walks the whole run of short paragraphs from each of
them: 10,000 of them take 4 s, 100,000 minutes.
"""

from collections.abc import Iterable
from typing import Any

import trafilatura.external

SURE = ("good", "bad")


def _nearest(labels: Iterable[str], deciding: tuple[str, ...]) -> list[str]:
    """For each label the last deciding one before it; 'bad' where there is none."""
    nearest, last = [], "bad"
    for label in labels:
        nearest.append(last)
        last = label if label in deciding else last
    return nearest


def _sides(labels: list[str], *deciding: str) -> list[tuple[str, str]]:
    behind = _nearest(reversed(labels), deciding)[::-1]
    return list(zip(_nearest(labels, deciding), behind, strict=True))


def settle_labels(labels: list[str]) -> list[str]:
    """The labels 'good' and 'bad' that justext gives for its 'good', 'bad', 'neargood' and 'short' ones."""
    sure, near = _sides(labels, *SURE), _sides(labels, *SURE, "neargood")
    settled = list(labels)
    for index, label in enumerate(labels):
        if label == "short":
            mixed = [at for at in (0, 1) if sure[index][at] == "bad" and near[index][at] == "neargood"]
            is_good = "good" in sure[index] and ("bad" not in sure[index] or mixed)
            settled[index] = "good" if is_good else "bad"
    before, behind = "bad", _nearest(reversed(settled), SURE)[::-1]
    for index, label in enumerate(settled):
        if label == "neargood":
            settled[index] = "good" if "good" in (before, behind[index]) else "bad"
        before = settled[index]
    return settled


def _has_good_behind(paragraphs: list[Any], index: int, max_distance: int) -> bool:
    distance = 0
    for paragraph in paragraphs[index + 1 : index + max_distance + 3]:
        if distance > max_distance:
            return False
        if paragraph.class_type == "good":
            return True
        distance += len(paragraph.text)
    return False


def revise_paragraph_classification(paragraphs: list[Any], max_heading_distance: int) -> None:
    """Nothing; afterwards each paragraph's `class_type` is what justext's function of this name makes it."""
    # justext's first look at headings finds nothing: the labels it asks for are not set by then.
    for paragraph, label in zip(paragraphs, settle_labels([p.cf_class for p in paragraphs]), strict=True):
        paragraph.class_type = label
    for index, paragraph in enumerate(paragraphs):
        is_open = paragraph.heading and paragraph.class_type == "bad" and paragraph.cf_class != "bad"
        if is_open and _has_good_behind(paragraphs, index, max_heading_distance):
            paragraph.class_type = "good"


def use_in_trafilatura() -> None:
    """Nothing; afterwards trafilatura judges by this module."""
    vars(trafilatura.external)["revise_paragraph_classification"] = revise_paragraph_classification
