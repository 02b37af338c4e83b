"""What comes in: who asks, from where, whether they meant it, and the bytes."""
