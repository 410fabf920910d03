"""What all tests share."""

import logging

import custom_components  # noqa: F401  the test plugin has a package of that name too, ours must come first

# The test plugin lets the database engine log every statement, and threads print it between the dots.
logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)
