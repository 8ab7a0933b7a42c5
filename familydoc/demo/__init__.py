"""A county as it might be, made of nothing: for trying out, for tests and for measuring."""

from familydoc.demo.filling import fill

#: The county's own code: everybody's first demo is the same one.
SEED = 150124

__all__ = ["SEED", "fill"]
