"""Simulated packs: a battery with physics and, per family, a peripheral that speaks the family's real bytes.

Nothing here uses the decoders, so that the two check each other. Time only moves when it is told to, and the same seed
gives the same pack.
"""
