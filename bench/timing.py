"""Medians of repeated calls."""

from collections.abc import Callable
from statistics import median
from time import perf_counter


def milliseconds(call: Callable[[], object], rounds: int, *, warm_up: int = 2) -> list[float]:
    """Wall time of each of `rounds` calls after `warm_up` uncounted ones."""
    for _ in range(warm_up):
        call()
    taken = []
    for _ in range(rounds):
        start = perf_counter()
        call()
        taken.append((perf_counter() - start) * 1000)
    return taken


def row(what: str, taken: list[float], budget: str = "") -> str:
    """One printed line: median, fastest, slowest."""
    ordered = sorted(taken)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    told = f"{what:<58} median {median(taken):8.1f} ms   min {ordered[0]:8.1f}   p95 {p95:8.1f}"
    return f"{told}   budget {budget}" if budget else told
