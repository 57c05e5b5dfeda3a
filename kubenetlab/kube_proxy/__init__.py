"""Which endpoints a node uses, and the rules that kube-proxy writes for them."""
