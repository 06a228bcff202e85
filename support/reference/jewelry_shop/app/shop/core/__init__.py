"""Shops, their branches and people; signing in; the platform's own addresses."""
