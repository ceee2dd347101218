"""What a text tells of a person."""
