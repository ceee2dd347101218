"""From files on a disk to a Deployment: read only, bounded, no link followed, no code run."""
