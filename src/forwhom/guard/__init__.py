"""The mitigations on live traffic."""
