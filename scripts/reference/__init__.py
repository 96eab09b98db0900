"""What the reference pages and schemas of the events are drawn from and with."""
