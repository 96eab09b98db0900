"""What all processes share: settings, logs, metrics, and the one place that knows Redis."""
