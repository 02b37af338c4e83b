"""What proves who somebody is, and keeps them known for a while."""
