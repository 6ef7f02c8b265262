"""Recognisers that are compared with each other: all name a span of a dance, and cut a dance into named segments."""
