"""Sending events to the CRMs' endpoints: what is sent, where it may go, and what an answer means."""
