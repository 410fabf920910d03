"""The protection mirror: what a pack's own rules say about this moment and the next minutes. No clock, no I/O."""
