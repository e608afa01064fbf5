"""What a business recorded, replayed through the public API, and the books compared with its files."""
