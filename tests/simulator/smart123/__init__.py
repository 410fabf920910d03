"""Tests of the simulated 123 packs."""
