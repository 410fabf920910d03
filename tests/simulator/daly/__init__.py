"""Tests of the simulated Daly packs."""
