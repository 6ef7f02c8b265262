"""Cutting a dance into spans that each hold one move."""

from dancecore.segmentation.proposing import propose, warm_up

__all__ = ["propose", "warm_up"]
