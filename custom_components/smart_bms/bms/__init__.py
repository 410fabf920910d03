"""The packs: frames, readings, settings and the Bluetooth connection. Nothing here imports Home Assistant."""
