"""The layers of an image that contain packages: their plan, their sizes, their explanation."""
