"""From events to attempts: what each destination gets next, what is under way to it, and what came of it."""
