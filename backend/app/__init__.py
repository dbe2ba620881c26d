"""A small video service: health, readiness and version for a deployer, and thumbnails for its users."""
