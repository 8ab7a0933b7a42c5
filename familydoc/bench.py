"""The benchmarks by name: each measures work and its floor by turns in a scratch database.

A benchmark is a module with `measure(size)`, which gives one dict per measure and the worst
ratio last; the size here is the one it has when none is asked for.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

BENCHES = {
    "due-tasks": ("familydoc.bench_due_tasks", 200_000),
    "import": ("familydoc.bench_imports", 76_674),
    "pages": ("familydoc.bench_pages", 76_674),
    "visits": ("familydoc.bench_visits", 1_000),
}


def run(name: str, size: int | None = None) -> Iterator[dict[str, Any]]:
    """Run a benchmark of BENCHES and give its lines as they come."""
    module, usual = BENCHES[name]
    lines: Iterator[dict[str, Any]] = import_module(module).measure(size or usual)
    return lines
