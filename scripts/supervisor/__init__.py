"""What `scripts/run` does: start every process of the product, keep it alive, leave nothing behind."""
