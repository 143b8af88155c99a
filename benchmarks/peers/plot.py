"""The figures of the peers as one picture: bars of docs/s, beside them how good the text is. Read from standard input.

It runs in the peers' environment, which has matplotlib.
"""

import json
import statistics
import sys
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

MARSAD_COLOUR, PEER_COLOUR, INK = "#b4531f", "#a9b4bd", "#2b2f33"
MARKS = {"sh": ("o", "sh, text F1"), "europa": ("D", "europa, text F1"), "traf": ("s", "traf, snippets F")}


def draw(bars: list[dict[str, Any]], target: str) -> None:
    """Nothing; the PNG is written."""
    plt.rcParams.update({"font.size": 10, "text.color": INK, "axes.labelcolor": INK, "ytick.color": INK})
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True, layout="constrained")
    places = range(len(bars))
    colours = [MARSAD_COLOUR if bar["name"] == "Marsad" else PEER_COLOUR for bar in bars]
    rates = [statistics.median(bar["rates"]) if bar["rates"] else 0.0 for bar in bars]
    left.barh(places, rates, color=colours, height=0.62)
    # One peer may be ten times as fast as all others: its bar runs out of the picture, its label says how far.
    limit = 1.3 * sorted(rates)[-2] if len(rates) > 1 else 1.3 * rates[0]
    for place, rate in zip(places, rates, strict=True):
        text = "failed" if not rate else f"{rate:.0f} →" if rate > limit else f"{rate:.0f}"
        is_cut = rate > limit
        left.text(
            limit * 0.99 if is_cut else rate + limit * 0.01, place, text, va="center", ha="right" if is_cut else "left"
        )
    left.set_yticks(places, [f"{bar['name']}\n{bar['gives']}" for bar in bars])
    left.set_title("pages a second, the same two workers", loc="left", fontsize=10)
    left.set_xlim(0, limit)
    left.invert_yaxis()
    for name, (mark, label) in MARKS.items():
        points = [
            (bar["scores"][name], place) for place, bar in zip(places, bars, strict=True) if name in bar["scores"]
        ]
        xs, ys = zip(*points, strict=True) if points else ((), ())
        right.scatter(
            xs, ys, marker=mark, s=46, c=[colours[y] for y in ys], edgecolors=INK, linewidths=0.8, label=label
        )
    right.set_title("quality of the text (1 is perfect)", loc="left", fontsize=10)
    right.grid(axis="both", color="#e3e6e8", linewidth=0.8)
    right.set_axisbelow(True)
    legend = figure.legend(loc="outside lower right", ncols=len(MARKS), frameon=False, fontsize=9)
    for handle in legend.legend_handles:
        handle.set_facecolor("white")
    for axes in (left, right):
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.tick_params(left=False)
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    draw(json.load(sys.stdin), sys.argv[1])
