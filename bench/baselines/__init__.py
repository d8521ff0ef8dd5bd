"""What our service is held against."""
