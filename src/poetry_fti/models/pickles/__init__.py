"""Pickles, also those of joblib and cloudpickle: their instructions are read, none is executed."""
