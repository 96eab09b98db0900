"""What a call is and how it ended. Pure: values in, values out; no Redis, HTTP, clock or environment."""
