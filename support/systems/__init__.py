"""What the suite knows of the systems under test, in their own words."""
