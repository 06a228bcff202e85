"""Goods: categories, items and every change of their quantity."""
