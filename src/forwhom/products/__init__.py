"""Memory products of others under test, one thin adapter a file."""
