"""What the generators of rooms and of streets share."""
