"""Tests of counters and cell health."""
