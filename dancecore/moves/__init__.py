"""Moves as data: 3D motions on a beat grid, their taxonomy, and dances made of them."""
