"""When addresses run out: growth and churn on the real allocators."""
