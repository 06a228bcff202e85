"""Thin clients: one exchange, one deadline, one record; nothing is repeated."""
