"""What commands print of the data that operations return."""
