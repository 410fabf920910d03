"""Tests of the simulated JBD packs."""
