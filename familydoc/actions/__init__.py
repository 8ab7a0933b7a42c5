"""Writes: verbs, keyword-only, with `by=`, audited, one transaction each."""
