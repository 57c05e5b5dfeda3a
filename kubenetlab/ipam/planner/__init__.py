"""Address plans: a request in, ranges and a certificate out."""
