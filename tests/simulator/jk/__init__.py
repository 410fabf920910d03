"""Tests of the simulated JK packs."""
