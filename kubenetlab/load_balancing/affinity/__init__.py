"""How many clients keep their endpoint with sessionAffinity ClientIP, in each mode of kube-proxy."""
