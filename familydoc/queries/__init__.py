"""Reads: get_, find_, list_, count_. They never commit and never ask who is signed in."""
