"""What builds and runs the images of stages."""
