"""Outside services, one module each; they know nothing of our HTTP views or of the database."""
