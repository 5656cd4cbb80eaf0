"""Poetry's view of the project and of the derived project of a stage."""
