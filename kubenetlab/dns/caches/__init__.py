"""What a cache answers itself: CoreDNS' cache plugin, NodeLocal DNSCache, an application's own."""
