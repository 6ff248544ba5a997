"""What every result of the study kit can do; it stands on the ground floor, for all rooms."""

from calvaria._record import Record, interval_text, number, p_text, plain, plural

__all__ = ["Record", "interval_text", "number", "p_text", "plain", "plural"]
