"""Simulated Daly packs: peripherals that speak the real bytes of all three dialects."""
