"""Tests of steering equipment in Home Assistant."""
