"""Designs: which systems, users and items meet, and how the answer is read."""
