"""Deliberate defects for proving the tests. Each word has one guarded place in the code; none is active by default."""

from shop.config import SWITCHES, config


def sabotaged(word: str) -> bool:
    """True if the defect of that name is switched on; KeyError for a name that is not in the catalogue."""
    if word not in SWITCHES:
        raise KeyError(word)
    return word in config.shop_switch
