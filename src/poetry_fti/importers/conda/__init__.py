"""environment.yml of conda and mamba, with names of the packages on PyPI."""
