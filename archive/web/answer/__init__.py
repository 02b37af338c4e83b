"""What goes out: headers, bytes by their ranges, and every error as one table."""
