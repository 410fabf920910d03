"""Daly: battery-management systems of the K, H, M and S series and older ones, in their three dialects."""
