"""What the doctor looks at: one function for each check, which says what is wrong and what mends it."""
