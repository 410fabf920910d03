"""Parts of the config, options and reconfigure flows of a pack."""
