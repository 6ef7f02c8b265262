"""The composer: what follows what in people's dances, and new dances written by naming moves."""
