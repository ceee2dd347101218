"""Logs of a running system, watched for a rise of the risk per session."""
