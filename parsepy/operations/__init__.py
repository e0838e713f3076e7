"""What Parse does, without HTTP and without BSON."""
