"""What Sentinel-2 products people have, and what each kind tells of itself."""
