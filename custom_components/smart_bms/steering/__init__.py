"""Steering: how limits become values of chargers and inverters, written seldom, checked, and safe when anything is lost."""
