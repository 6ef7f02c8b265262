"""Comparing spans of a dance with the templates of moves."""
