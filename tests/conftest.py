"""What all tests share."""

pytest_plugins = ["scitacean.testing.fixtures"]
