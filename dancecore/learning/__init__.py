"""Learning from labelled dances, and how well a result agrees with the truth."""
