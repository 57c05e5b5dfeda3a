"""Which plugin of CoreDNS answers a name, and why: a Corefile's server blocks and their chain of plugins."""
