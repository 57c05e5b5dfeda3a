"""Which endpoint gets the connection: what rules do with a packet, and with which exact probability."""
