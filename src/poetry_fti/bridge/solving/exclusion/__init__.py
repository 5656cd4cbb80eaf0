"""What excludes a version of a package from a stage, by the proofs of Poetry's solver."""
