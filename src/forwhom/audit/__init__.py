"""Static audit of a deployed personal agent (OpenClaw): what it knows of whom, and who can reach it."""
