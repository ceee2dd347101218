"""Who can reach whose memory: people, doors, sessions, stores, ways out, and the setting behind each."""
