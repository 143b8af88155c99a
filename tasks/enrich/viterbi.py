"""The best chain of labels of many sentences at a time."""

import numpy as np
import numpy.typing as npt


def best_labels(
    emissions: npt.NDArray[np.float32], transitions: npt.NDArray[np.float32], lengths: npt.NDArray[np.int64]
) -> npt.NDArray[np.int8]:
    """The label of every word in the chains of highest score, one chain a sentence.

    `emissions`: (words, labels), sentence after sentence; `transitions`: (label, next label); `lengths`: words of each
    sentence, none empty. Steps are taken over all sentences at once, longest first, so that those that ended fall away.
    Of equal chains the one of lower labels is taken.
    """
    n_labels = emissions.shape[1]
    order = np.argsort(-lengths, kind="stable")
    begins = (np.cumsum(lengths) - lengths)[order]
    sizes = lengths[order]
    longest = int(sizes[0])
    alive = np.searchsorted(-sizes, -np.arange(longest), side="left").tolist()
    came_from = np.zeros((len(emissions), n_labels), dtype=np.int8)
    score = emissions[begins].copy()
    for step in range(1, longest):
        n = alive[step]
        paths = score[:n, :, None] + transitions
        rows = begins[:n] + step
        came_from[rows] = paths.argmax(axis=1)
        score[:n] = paths.max(axis=1) + emissions[rows]
    labels = np.zeros(len(emissions), dtype=np.int8)
    label = score.argmax(axis=1)
    for step in range(longest - 1, -1, -1):
        n = alive[step]
        rows = begins[:n] + step
        labels[rows] = label[:n]
        label[:n] = came_from[rows, label[:n]]
    return labels
