"""What several commands share: console output, options, questions and reports."""
