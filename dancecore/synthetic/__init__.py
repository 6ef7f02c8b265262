"""Synthetic dancers: the taxonomy's motions on parametric bodies, drawn to video with exact ground truth."""
