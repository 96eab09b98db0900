"""The API under /api/v1, for whoever has the ADMIN_TOKEN: JSON in, JSON or a problem document out."""
