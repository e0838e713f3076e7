"""How JavaScript shows values and reads numbers: what clients of the reference meet."""

import math
from typing import Any

_EXACT = 2**53


def shown(value: Any) -> str:
    """A value as JavaScript puts it into a text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return shown_number(value)
    if isinstance(value, list | tuple):
        return ",".join("" if item is None else shown(item) for item in value)
    if isinstance(value, dict):
        return "[object Object]"
    return str(value)


def shown_number(value: int | float) -> str:
    """A number as JavaScript shows it: the shortest digits, an exponent only if very long."""
    try:
        number = float(value)
    except OverflowError:
        number = math.inf if value > 0 else -math.inf
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0:
        return "0"
    sign = "-" if number < 0 else ""
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:
        return sign + digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if count > 1 else ""
    power = point - 1
    return f"{sign}{digits[0]}{tail}e{'+' if power > 0 else '-'}{abs(power)}"


def number_of(text: str) -> int | float:
    """The number of a literal, with JavaScript's precision; exact whole ones as ``int``."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= _EXACT else number
