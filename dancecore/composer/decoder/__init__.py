"""A decoder-only Transformer over the steps of dances: what comes next, from all that came before in the dance."""
