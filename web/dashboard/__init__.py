"""The dashboard: what happened to this call, where is it now, did the CRM get it. Drawn by the server."""
