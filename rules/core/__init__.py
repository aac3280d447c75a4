"""What all kinds build on: arrivals, findings, the hold-and-clear machine, order and delay of feeds."""
