"""What the generators of rooms, streets and cards share."""
