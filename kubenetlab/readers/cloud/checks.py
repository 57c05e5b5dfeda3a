"""What a cloud's listing cannot say: ranges with host bits or of the other family, more addresses than a subnet has."""

from ipaddress import ip_network

from kubenetlab.objects.address_text import check_cidrs, has_host_bits

_EXAMPLES = {4: "10.0.0.0/24", 6: "2001:db8::/64"}


def check_networks(version: int, **fields: str | tuple[str, ...]) -> None:
    """Raise ``ValueError`` for the first text that is neither empty nor a network of this IP version without host bits."""
    check_cidrs(**fields)
    check_no_host_bits(**fields)
    for field, texts in fields.items():
        for text in (texts,) if isinstance(texts, str) else texts:
            if text and (":" in text) is not (version == 6):
                raise ValueError(
                    f"{field}: found {text!r}, expected an IPv{version} range such as {_EXAMPLES[version]}"
                )


def check_no_host_bits(**fields: str | tuple[str, ...]) -> None:
    """Raise ``ValueError`` for the first range that has address bits beyond its prefix length."""
    for field, texts in fields.items():
        for text in (texts,) if isinstance(texts, str) else texts:
            if text and has_host_bits(text):
                network = ip_network(text, strict=False)
                raise ValueError(f"{field}: found {text!r}, expected a range without host bits: {network}")


def check_room(field: str, count: int, cidr: str, n_reserved: int) -> None:
    """Raise ``ValueError`` if a count of addresses is above what a subnet has beyond those that the cloud keeps."""
    most = max(0, ip_network(cidr, strict=False).num_addresses - n_reserved)
    if count > most:
        raise ValueError(f"{field}: found {count}, expected at most {most:,}, which {cidr} has")
