"""Models that come with forwhom."""
