"""A composition in the formats of other programs: each a function of it that gives a text."""
