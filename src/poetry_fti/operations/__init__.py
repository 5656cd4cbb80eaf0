"""The use cases. They return data and are independent of the terminal; see `Feedback`."""
