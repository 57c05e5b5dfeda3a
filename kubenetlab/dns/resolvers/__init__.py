"""Which queries glibc, musl, Go and c-ares send for a name, in which order, and what the program gets."""

from kubenetlab.dns.resolvers.candidates import candidates
from kubenetlab.dns.resolvers.exchanges import Asked
from kubenetlab.dns.resolvers.lookups import HostAddresses, Lookup, lookup
from kubenetlab.dns.resolvers.outcomes import outcome_table
from kubenetlab.dns.resolvers.resolvers import OLDER_RESOLVERS, RESOLVERS, resolver_table

__all__ = ["OLDER_RESOLVERS", "RESOLVERS", "Asked", "HostAddresses", "Lookup", "candidates", "lookup"]
__all__ += ["outcome_table", "resolver_table"]
