"""From call-log records to outcomes: what resolve asks for and when, and how it judges what came."""
