"""What all tests share."""

import custom_components  # noqa: F401  the test plugin has a package of that name too, ours must come first
