"""The rules against their slow twins, their casebooks and the calendar."""
