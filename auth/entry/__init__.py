"""The ways in: the password, a link that works once, a session or token."""
