"""Commands that run one of Poetry's own commands on a stage."""
