"""The soak: the whole product for some minutes under a random schedule of faults, and an oracle that judges the end."""
