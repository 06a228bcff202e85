"""Row security and grants: migrations only."""
