"""How long-lived connections lie on endpoints over time, whatever chooses the endpoint."""
