"""A Supabase for a machine without Docker: for development and tests only, never deployed."""
