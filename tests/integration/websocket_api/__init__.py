"""Tests of a package of the integration, through Home Assistant."""
