"""Judging single series: findings, the hold-and-clear machine, panels of rules, order and delay of feeds."""
