"""`add` and `remove`: editing the dependencies of stages."""
