"""What a person may open, wants to open, and has opened."""
