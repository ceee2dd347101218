"""The simulated world in which an agent acts: a mailbox, a calendar, files, an account and a memory."""
