"""Who may enter, by the API's bearer token or by the dashboard's session, and what is written down about them."""
