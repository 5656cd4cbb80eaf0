"""What both tiers of the tests share."""

pytest_plugins = ["loopback.pytest_plugin"]
