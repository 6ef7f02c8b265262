"""Cutting a dance into spans that each hold one move."""

from dancecore.segmentation.proposing import propose

__all__ = ["propose"]
