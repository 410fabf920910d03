"""Tests of writing parameters."""
