"""Matchers in the words of the business. Each says, when it does not match, what was seen and why that is wrong."""

from support.matchers.base import ComplaintMatcher, without_complaints

__all__ = ["ComplaintMatcher", "without_complaints"]
