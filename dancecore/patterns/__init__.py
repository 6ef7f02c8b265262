"""Patterns of moves: how they are written, and where dances hold them."""

from dancecore.patterns.finding import Danced, Match, find
from dancecore.patterns.reading import Link, Pattern, Step, read

__all__ = ["Danced", "Link", "Match", "Pattern", "Step", "find", "read"]
