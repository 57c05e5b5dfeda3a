"""What kubelet gives to a pod to find names with: its resolv.conf and its Services' environment variables."""
