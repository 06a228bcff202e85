"""Negative controls: every sentence passes over a fake that keeps its promise and fails over one that breaks it."""
