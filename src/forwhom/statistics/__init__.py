"""Pure functions: a results table in, a frozen result out."""
