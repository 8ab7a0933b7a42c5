"""The night shift."""
