"""Pictures: described as data, drawn as real files with EXIF, and read back from the files alone."""
