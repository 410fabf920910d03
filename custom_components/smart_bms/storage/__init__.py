"""Files that the integration stores, and the import of history."""
