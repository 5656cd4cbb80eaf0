"""The use cases. They return data and know no terminal; progress goes to a `Feedback`."""
