"""Faults: each is written down in the cluster before it happens, ends by itself, and is reverted when its run dies."""
