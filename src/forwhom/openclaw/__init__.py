"""A live OpenClaw agent under test: a throw-away copy of its state behind a gateway of its own."""
