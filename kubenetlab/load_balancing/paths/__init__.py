"""Which share of traffic takes which way: load balancer, node, zone, endpoint."""
