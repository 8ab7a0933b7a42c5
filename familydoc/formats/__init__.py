"""Bytes to plain records and back; each file has at most one library."""
