"""Which calls somebody wants looked at again, and the errands that do it."""
