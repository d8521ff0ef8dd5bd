"""What can keep the local stack from starting."""


class SetupError(Exception):
    """This machine cannot run the stack as asked; the message is one sentence for the person who asked."""
