"""The packs: frames, readings, settings and the Bluetooth link. Nothing here knows Home Assistant."""
