"""What a run of the bench was asked for."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """`rounds` of `seconds` each; `only` narrows the scenarios of a part; `sizes` are chats, for growth."""

    rounds: int
    seconds: float
    sizes: tuple[int, ...]
    only: str | None = None

    def wants(self, name: str) -> bool:
        return self.only is None or self.only in name
