"""What can go wrong, for whom, how it is measured and what helps: names that every other room uses."""
