"""The same question asked of the real Linux kernel, in network namespaces of our own.

``kubenetlab.kernel.proof.prove`` loads rules with the tool of a node (``iptables-restore``, nft or legacy, or ``nft -f``),
sends the first packets of real flows from pods, from outside and from the node itself, and compares where they arrive,
with which source, with the exact shares of ``kubenetlab.load_balancing``. ``kubenetlab.kernel.replay.replay`` sends
connections in an order and at times of one's own, also of clients that come again (session affinity), and returns where each
went, the rules' counters and conntrack's list.

Everything happens in a network namespace that a worker process makes and proves to be new: no interface leads out of it,
endpoints do not exist and nothing answers. It ends with the worker, and the worker with its parent.

Left out: answers and later packets of a connection, SCTP, ipvs, rules that ask an ipset, clients on 127.0.0.1.
"""
