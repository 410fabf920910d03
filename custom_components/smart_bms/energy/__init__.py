"""Counters and health: what flows through a pack, what its board makes of it, and how its cells age. Pure Python."""
