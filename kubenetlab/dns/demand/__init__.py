"""What names cost: queries per second at every place, delays, memory and replicas, and what one change saves."""
