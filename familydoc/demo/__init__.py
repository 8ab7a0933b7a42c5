"""A county as it might be, made of nothing: for trying out, for tests and for measuring."""

from familydoc.demo.filling import fill
from familydoc.demo.sizes import SEED

__all__ = ["SEED", "fill"]
