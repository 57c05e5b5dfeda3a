"""Words of CoreDNS' Corefile that stay: plugins, options, functions, fields of templates. Tables only."""

from kubenetlab.anonymize.well_known import words

#: The plugins that CoreDNS is built with (coredns v1.12.4, plugin.cfg, and those of earlier versions).
PLUGINS = words("""
    root metadata geoip cancel tls quic grpc_server https https3 timeouts multisocket reload nsid bufsize bind debug
    trace ready health pprof prometheus errors log dnstap local dns64 acl any chaos loadbalance tsig cache rewrite
    header dnssec autopath minimal template transfer hosts route53 azure clouddns k8s_external kubernetes file auto
    secondary etcd loop forward grpc erratic whoami on sign view nomad import proxy federation proxyproto kubernetai
    reverse startup shutdown
""")

#: Words that stay where they begin a line or a block: plugins and the names of their options.
HEADS = PLUGINS | words("""
    aws_access_key aws_endpoint credentials refresh tenant subscription environment access
    request response set path directory key keys secret secrets require server service client token address
    qname reqname append replace unset revert sampling every client_server zipkin_max_backlog_size
    zipkin_max_batch_size zipkin_max_batch_interval datadog_analytics_rate show_first monitor
    verify immediate next failover key_directory cache_capacity allow_external translate_all prefix
    apex headless endpoint_limit multicluster startup_timeout apiserver_qps apiserver_burst apiserver_max_inflight
    resyncperiod upstream identity version extra edns-subnet drop delay truncate axfr large skip_verify
    ederror match answer additional authority rcode expr fallthrough aws_secretsmanager resolver warning info
    spread_policy prefer connection max_idle_conns max_age doh_method
""")

#: Words that stay anywhere: options and values that models read.
WORDS = words("""
    acl allow block filter drop net any autopath @kubernetes bind bufsize cache success denial prefetch serve_stale
    servfail disable keepttl cancel chaos debug dns64 dnssec dnstap erratic errors consolidate stacktrace etcd
    endpoint endpoint_pod_names kubeconfig namespaces labels namespace_labels pods disabled insecure verified
    noendpoints fallthrough ignore empty_service ttl transfer to file forward except force_tcp prefer_udp expire
    max_fails max_concurrent max_connect_attempts tls tls_servername policy random round_robin sequential health
    health_check lameduck header set hosts reload no_reverse import k8s_external kubernetes kubernetes_external
    loadbalance loop local log class all denial error metadata minimal multisocket nsid pprof prometheus quic ready
    rewrite name exact prefix suffix substring regex answer auto value continue stop type edns0 rcode secondary sign
    template match additional authority ANY IN A AAAA CNAME TXT MX NS PTR SOA SRV HINFO NXDOMAIN NOERROR SERVFAIL
    REFUSED NODATA NOTIMP FORMERR HTTPS SVCB CAA NAPTR DS DNSKEY RRSIG NSEC CH timeouts read write idle trace tsig view
    whoami zone force no_rec upstream failfast_all_unhealthy_upstreams
    weighted_round_robin tcp udp dns http https grpc etc resolv.conf s ms m h cname regexp
    combined common remote port id size do duration rsize rflags >id >do >bufsize >opcode >rflags
    kubernetes/client-namespace kubernetes/client-pod-name kubernetes/endpoint kubernetes/kind kubernetes/namespace
    kubernetes/parent-domain kubernetes/pod-name kubernetes/port-name kubernetes/protocol kubernetes/service
    /kubernetes/client-namespace /kubernetes/client-pod-name /kubernetes/namespace /kubernetes/service
    forward/upstream /forward/upstream view/name /view/name immediate verify once both
    expr in not and or matches contains startsWith endsWith true false
    custom/*.override custom/*.server /etc/coredns/custom/*.override /etc/coredns/custom/*.server /etc/coredns/NodeHosts
    /etc/resolv.conf .
""")

#: Functions of the view plugin's expressions (coredns v1.12.4, plugin/pkg/expression/expression.go) and of the
#: language (expr-lang/expr v1.17, docs/language-definition.md).
FUNCTIONS = words("""
    type name class proto size client_ip port id opcode do bufsize server_ip server_port incidr metadata
    all any one none map filter find count len lower upper trim split join replace hasPrefix hasSuffix indexOf int
    string float abs max min sum first last keys values get sort reverse toJSON fromJSON
""")

#: Fields of the template plugin's data (coredns v1.12.4, plugin/template/README.md).
TEMPLATE_FIELDS = words("Name Zone Class Type Match Group Message Question Remote Meta Id Rcode")

#: Functions and keywords of Go's text/template.
TEMPLATE_WORDS = words("""
    if else end range with define template block break continue index slice len print printf println eq ne lt le gt
    ge and or not html js urlquery call true false nil
""")
