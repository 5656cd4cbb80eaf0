"""The images of the stages: their layers, their reports, and building them."""
