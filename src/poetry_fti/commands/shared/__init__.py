"""Console output, options, questions and reports that several commands use."""
