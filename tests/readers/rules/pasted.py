"""Rules as people paste them. The listings were printed by iptables 1.8.9 (nft and legacy) from case 042 of the recordings."""

GREPPED = """\
root@node1:~# iptables-save | grep my-nginx
-A KUBE-SEP-ID6YWIT3F6WNZ47P -s 10.244.2.2/32 -m comment --comment "default/my-nginx:" -j KUBE-MARK-MASQ
-A KUBE-SEP-ID6YWIT3F6WNZ47P -p tcp -m comment --comment "default/my-nginx:" -m tcp -j DNAT --to-destination 10.244.2.2:80
-A KUBE-SERVICES -d 10.97.12.200/32 -p tcp -m comment --comment "default/my-nginx: cluster IP" -m tcp --dport 80 -j KUBE-SVC-BEPXDJBUHFCSYIC3
-A KUBE-SVC-BEPXDJBUHFCSYIC3 -m comment --comment "default/my-nginx:" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-ID6YWIT3F6WNZ47P
-A KUBE-SVC-BEPXDJBUHFCSYIC3 -m comment --comment "default/my-nginx:" -j KUBE-SEP-IN2YML2VIFH5RO2T
"""

COMMANDS = """\
$ sudo iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 10.0.0.1:8080
$ sudo iptables -A FORWARD -i eth+ -m limit --limit 5/min -j ACCEPT
"""

SPECIFIED = """\
# iptables -t nat -S
-P PREROUTING ACCEPT
-N KUBE-SERVICES
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A KUBE-SERVICES -s 10.0.0.0/8 -j RETURN
"""

LISTED_VERBOSE = """\
Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 KUBE-SERVICES  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* kubernetes service portals */

Chain INPUT (policy ACCEPT 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination

Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 KUBE-SERVICES  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* kubernetes service portals */

Chain POSTROUTING (policy ACCEPT 0 packets, 0 bytes)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 KUBE-POSTROUTING  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* kubernetes postrouting rules */

Chain KUBE-MARK-MASQ (4 references)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 MARK       0    --  *      *       0.0.0.0/0            0.0.0.0/0            MARK or 0x4000

Chain KUBE-NODEPORTS (1 references)
num   pkts bytes target     prot opt in     out     source               destination

Chain KUBE-POSTROUTING (1 references)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 RETURN     0    --  *      *       0.0.0.0/0            0.0.0.0/0            mark match ! 0x4000/0x4000
2        0     0 MARK       0    --  *      *       0.0.0.0/0            0.0.0.0/0            MARK xor 0x4000
3        0     0 MASQUERADE  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* kubernetes service traffic requiring SNAT */ random-fully

Chain KUBE-SEP-4EFOVS3GC5SAZ2Z4 (2 references)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 KUBE-MARK-MASQ  0    --  *      *       10.244.2.5           0.0.0.0/0            /* shop/session:http */
2        0     0 DNAT       6    --  *      *       0.0.0.0/0            0.0.0.0/0            /* shop/session:http */ recent: SET name: KUBE-SEP-4EFOVS3GC5SAZ2Z4 side: source mask: 255.255.255.255 tcp to:10.244.2.5:8080

Chain KUBE-SEP-4VP2N6DYZZHGJNQM (2 references)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 KUBE-MARK-MASQ  0    --  *      *       10.244.3.5           0.0.0.0/0            /* shop/session:http */
2        0     0 DNAT       6    --  *      *       0.0.0.0/0            0.0.0.0/0            /* shop/session:http */ recent: SET name: KUBE-SEP-4VP2N6DYZZHGJNQM side: source mask: 255.255.255.255 tcp to:10.244.3.5:8080

Chain KUBE-SEP-HVJZ2RAR4NYKJLVL (2 references)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 KUBE-MARK-MASQ  0    --  *      *       10.244.1.5           0.0.0.0/0            /* shop/session:http */
2        0     0 DNAT       6    --  *      *       0.0.0.0/0            0.0.0.0/0            /* shop/session:http */ recent: SET name: KUBE-SEP-HVJZ2RAR4NYKJLVL side: source mask: 255.255.255.255 tcp to:10.244.1.5:8080

Chain KUBE-SERVICES (2 references)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 KUBE-SVC-OTYMX6MFTAPBXG4Z  6    --  *      *       0.0.0.0/0            10.96.30.1           /* shop/session:http cluster IP */ tcp dpt:80
2        0     0 KUBE-NODEPORTS  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* kubernetes service nodeports; NOTE: this must be the last rule in this chain */ ADDRTYPE match dst-type LOCAL

Chain KUBE-SVC-OTYMX6MFTAPBXG4Z (1 references)
num   pkts bytes target     prot opt in     out     source               destination
1        0     0 KUBE-MARK-MASQ  6    --  *      *      !10.244.0.0/16        10.96.30.1           /* shop/session:http cluster IP */ tcp dpt:80
2        0     0 KUBE-SEP-HVJZ2RAR4NYKJLVL  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.1.5:8080 */ recent: CHECK seconds: 10800 reap name: KUBE-SEP-HVJZ2RAR4NYKJLVL side: source mask: 255.255.255.255
3        0     0 KUBE-SEP-4EFOVS3GC5SAZ2Z4  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.2.5:8080 */ recent: CHECK seconds: 10800 reap name: KUBE-SEP-4EFOVS3GC5SAZ2Z4 side: source mask: 255.255.255.255
4        0     0 KUBE-SEP-4VP2N6DYZZHGJNQM  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.3.5:8080 */ recent: CHECK seconds: 10800 reap name: KUBE-SEP-4VP2N6DYZZHGJNQM side: source mask: 255.255.255.255
5        0     0 KUBE-SEP-HVJZ2RAR4NYKJLVL  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.1.5:8080 */ statistic mode random probability 0.33333333349
6        0     0 KUBE-SEP-4EFOVS3GC5SAZ2Z4  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.2.5:8080 */ statistic mode random probability 0.50000000000
7        0     0 KUBE-SEP-4VP2N6DYZZHGJNQM  0    --  *      *       0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.3.5:8080 */
"""

LISTED = """\
Chain PREROUTING (policy ACCEPT)
target     prot opt source               destination
KUBE-SERVICES  0    --  0.0.0.0/0            0.0.0.0/0            /* kubernetes service portals */

Chain INPUT (policy ACCEPT)
target     prot opt source               destination

Chain OUTPUT (policy ACCEPT)
target     prot opt source               destination
KUBE-SERVICES  0    --  0.0.0.0/0            0.0.0.0/0            /* kubernetes service portals */

Chain POSTROUTING (policy ACCEPT)
target     prot opt source               destination
KUBE-POSTROUTING  0    --  0.0.0.0/0            0.0.0.0/0            /* kubernetes postrouting rules */

Chain KUBE-MARK-MASQ (4 references)
target     prot opt source               destination
MARK       0    --  0.0.0.0/0            0.0.0.0/0            MARK or 0x4000

Chain KUBE-NODEPORTS (1 references)
target     prot opt source               destination

Chain KUBE-POSTROUTING (1 references)
target     prot opt source               destination
RETURN     0    --  0.0.0.0/0            0.0.0.0/0            mark match ! 0x4000/0x4000
MARK       0    --  0.0.0.0/0            0.0.0.0/0            MARK xor 0x4000
MASQUERADE  0    --  0.0.0.0/0            0.0.0.0/0            /* kubernetes service traffic requiring SNAT */ random-fully

Chain KUBE-SEP-4EFOVS3GC5SAZ2Z4 (2 references)
target     prot opt source               destination
KUBE-MARK-MASQ  0    --  10.244.2.5           0.0.0.0/0            /* shop/session:http */
DNAT       6    --  0.0.0.0/0            0.0.0.0/0            /* shop/session:http */ recent: SET name: KUBE-SEP-4EFOVS3GC5SAZ2Z4 side: source mask: 255.255.255.255 tcp to:10.244.2.5:8080

Chain KUBE-SEP-4VP2N6DYZZHGJNQM (2 references)
target     prot opt source               destination
KUBE-MARK-MASQ  0    --  10.244.3.5           0.0.0.0/0            /* shop/session:http */
DNAT       6    --  0.0.0.0/0            0.0.0.0/0            /* shop/session:http */ recent: SET name: KUBE-SEP-4VP2N6DYZZHGJNQM side: source mask: 255.255.255.255 tcp to:10.244.3.5:8080

Chain KUBE-SEP-HVJZ2RAR4NYKJLVL (2 references)
target     prot opt source               destination
KUBE-MARK-MASQ  0    --  10.244.1.5           0.0.0.0/0            /* shop/session:http */
DNAT       6    --  0.0.0.0/0            0.0.0.0/0            /* shop/session:http */ recent: SET name: KUBE-SEP-HVJZ2RAR4NYKJLVL side: source mask: 255.255.255.255 tcp to:10.244.1.5:8080

Chain KUBE-SERVICES (2 references)
target     prot opt source               destination
KUBE-SVC-OTYMX6MFTAPBXG4Z  6    --  0.0.0.0/0            10.96.30.1           /* shop/session:http cluster IP */ tcp dpt:80
KUBE-NODEPORTS  0    --  0.0.0.0/0            0.0.0.0/0            /* kubernetes service nodeports; NOTE: this must be the last rule in this chain */ ADDRTYPE match dst-type LOCAL

Chain KUBE-SVC-OTYMX6MFTAPBXG4Z (1 references)
target     prot opt source               destination
KUBE-MARK-MASQ  6    -- !10.244.0.0/16        10.96.30.1           /* shop/session:http cluster IP */ tcp dpt:80
KUBE-SEP-HVJZ2RAR4NYKJLVL  0    --  0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.1.5:8080 */ recent: CHECK seconds: 10800 reap name: KUBE-SEP-HVJZ2RAR4NYKJLVL side: source mask: 255.255.255.255
KUBE-SEP-4EFOVS3GC5SAZ2Z4  0    --  0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.2.5:8080 */ recent: CHECK seconds: 10800 reap name: KUBE-SEP-4EFOVS3GC5SAZ2Z4 side: source mask: 255.255.255.255
KUBE-SEP-4VP2N6DYZZHGJNQM  0    --  0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.3.5:8080 */ recent: CHECK seconds: 10800 reap name: KUBE-SEP-4VP2N6DYZZHGJNQM side: source mask: 255.255.255.255
KUBE-SEP-HVJZ2RAR4NYKJLVL  0    --  0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.1.5:8080 */ statistic mode random probability 0.33333333349
KUBE-SEP-4EFOVS3GC5SAZ2Z4  0    --  0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.2.5:8080 */ statistic mode random probability 0.50000000000
KUBE-SEP-4VP2N6DYZZHGJNQM  0    --  0.0.0.0/0            0.0.0.0/0            /* shop/session:http -> 10.244.3.5:8080 */
"""

LISTED_NAMES = """\
Chain INPUT (policy ACCEPT)
target     prot opt source               destination
KUBE-FIREWALL  all  --  anywhere             anywhere
KUBE-PROXY-FIREWALL  all  --  anywhere             anywhere             ctstate NEW /* kubernetes load balancer firewall */
KUBE-NODEPORTS  all  --  anywhere             anywhere             /* kubernetes health check service ports */
KUBE-EXTERNAL-SERVICES  all  --  anywhere             anywhere             ctstate NEW /* kubernetes externally-visible service portals */

Chain FORWARD (policy ACCEPT)
target     prot opt source               destination
KUBE-PROXY-FIREWALL  all  --  anywhere             anywhere             ctstate NEW /* kubernetes load balancer firewall */
KUBE-FORWARD  all  --  anywhere             anywhere             /* kubernetes forwarding rules */
KUBE-SERVICES  all  --  anywhere             anywhere             ctstate NEW /* kubernetes service portals */
KUBE-EXTERNAL-SERVICES  all  --  anywhere             anywhere             ctstate NEW /* kubernetes externally-visible service portals */

Chain OUTPUT (policy ACCEPT)
target     prot opt source               destination
KUBE-FIREWALL  all  --  anywhere             anywhere
KUBE-PROXY-FIREWALL  all  --  anywhere             anywhere             ctstate NEW /* kubernetes load balancer firewall */
KUBE-SERVICES  all  --  anywhere             anywhere             ctstate NEW /* kubernetes service portals */

Chain KUBE-EXTERNAL-SERVICES (2 references)
target     prot opt source               destination

Chain KUBE-FIREWALL (2 references)
target     prot opt source               destination
DROP       all  -- !loopback/8           loopback/8           /* block incoming localnet connections */ ! ctstate RELATED,ESTABLISHED,DNAT

Chain KUBE-FORWARD (1 references)
target     prot opt source               destination
DROP       all  --  anywhere             anywhere             ctstate INVALID nfacct-name  ct_state_invalid_dropped_pkts
ACCEPT     all  --  anywhere             anywhere             /* kubernetes forwarding rules */ mark match 0x4000/0x4000
ACCEPT     all  --  anywhere             anywhere             /* kubernetes forwarding conntrack rule */ ctstate RELATED,ESTABLISHED

Chain KUBE-NODEPORTS (1 references)
target     prot opt source               destination

Chain KUBE-PROXY-FIREWALL (3 references)
target     prot opt source               destination

Chain KUBE-SERVICES (2 references)
target     prot opt source               destination
"""

TEXTS = (GREPPED, COMMANDS, SPECIFIED, LISTED_VERBOSE, LISTED, LISTED_NAMES)
