"""How commands put numbers for people."""


def span(seconds: float) -> str:
    """Seconds as a person says them: 42 s, 7 min, 3 h, 5 d."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
