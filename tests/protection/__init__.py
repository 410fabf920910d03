"""Tests of the protection mirror."""
