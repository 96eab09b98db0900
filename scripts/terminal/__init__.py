"""What the commands for people share: finding Redis, reading what was typed, writing tables."""
