"""Simulated JBD packs: peripherals that speak the real bytes of their firmware's dialect."""
