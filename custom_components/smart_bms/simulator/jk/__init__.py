"""Simulated JK packs: peripherals that speak the real bytes of all three layouts."""
