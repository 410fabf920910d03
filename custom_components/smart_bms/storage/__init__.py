"""Files and other data that the integration keeps or imports."""
