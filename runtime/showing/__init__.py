"""What people and programs are shown of calls: found, listed, told in full, and counted. Read only."""
