"""Upkeep's errands: what is old, what was silent or unheard, and whether RingCentral delivers."""
