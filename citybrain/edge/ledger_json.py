"""Counts of the ledger as they leave the process."""

from domain.ledger import Tally


def tally_json(tally: Tally) -> dict[str, int]:
    """The five counts and what is unaccounted for."""
    return {
        "received": tally.received,
        "stored": tally.stored,
        "duplicate": tally.duplicate,
        "quarantined": tally.quarantined,
        "late": tally.late,
        "imbalance": tally.imbalance,
    }
