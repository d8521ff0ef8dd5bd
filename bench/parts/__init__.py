"""The parts of the bench, each a module with `measure`, which gives back the tables it fills."""
