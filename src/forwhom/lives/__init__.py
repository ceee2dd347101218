"""Simulated users over months: what they want, tell, rate and live through, session by session."""
