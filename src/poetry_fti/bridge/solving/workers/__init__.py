"""Workers that solve stages, in this process or in others, and the messages to them."""
