"""What is told where: the destinations as they are stored, what waits for each, and what came of every attempt."""
