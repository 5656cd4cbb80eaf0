"""A Poetry plugin: one project, one lock and one set of runtime files for each pipeline stage."""
