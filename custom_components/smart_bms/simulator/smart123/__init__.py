r"""Simulated 123\SmartBMS: peripherals that speak lines or frames."""
