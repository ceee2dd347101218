"""Who: synthetic people, their representations, and populations of them."""
