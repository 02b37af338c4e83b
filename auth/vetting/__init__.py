"""What an applicant hands in, and what is decided about it."""
