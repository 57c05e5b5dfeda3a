"""Prefix arithmetic on whole columns of prefixes: arrays in, arrays out, IPv4 and IPv6 alike."""
