"""The layers that personalize, one file each."""
