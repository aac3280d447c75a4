"""Readers of the binary payloads that vendors' devices send; docs/codecs.md is the guide to a further one."""
