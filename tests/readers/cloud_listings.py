"""Listings as the clouds' command lines print them, with the fields that matter and some that do not."""

import json

AWS_SUBNETS = {
    "Subnets": [
        {
            "AvailabilityZone": "eu-west-1a",
            "AvailableIpAddressCount": 233,
            "CidrBlock": "10.0.1.0/24",
            "DefaultForAz": False,
            "Ipv6CidrBlockAssociationSet": [
                {
                    "AssociationId": "subnet-cidr-assoc-1",
                    "Ipv6CidrBlock": "2001:db8:0:1::/64",
                    "Ipv6CidrBlockState": {"State": "associated"},
                }
            ],
            "State": "available",
            "SubnetId": "subnet-0a",
            "Tags": [{"Key": "Name", "Value": "nodes-a"}],
            "VpcId": "vpc-1",
        },
        {
            "AvailabilityZone": "eu-west-1b",
            "AvailableIpAddressCount": 251,
            "CidrBlock": "10.0.2.0/24",
            "SubnetId": "subnet-0b",
            "VpcId": "vpc-1",
        },
        {
            "AvailabilityZone": "eu-west-1a",
            "AvailableIpAddressCount": 100,
            "CidrBlock": "10.0.1.0/24",
            "SubnetId": "subnet-0z",
            "VpcId": "vpc-of-others",
        },
    ]
}
AWS_INTERFACES = {
    "NetworkInterfaces": [
        {
            "NetworkInterfaceId": "eni-1",
            "SubnetId": "subnet-0a",
            "PrivateIpAddress": "10.0.1.4",
            "PrivateIpAddresses": [
                {"Primary": True, "PrivateIpAddress": "10.0.1.4"},
                {"Primary": False, "PrivateIpAddress": "10.0.1.5"},
            ],
            "Ipv4Prefixes": [{"Ipv4Prefix": "10.0.1.16/28"}],
            "Ipv6Addresses": [{"Ipv6Address": "2001:db8:0:1::5"}],
            "Attachment": None,
        }
    ]
}
AKS = {
    "agentPoolProfiles": [
        {
            "name": "system",
            "count": 3,
            "maxCount": 5,
            "maxPods": 30,
            "vnetSubnetId": "/subscriptions/0/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net/subnets/nodes",
            "podSubnetId": None,
        }
    ],
    "kind": "Base",
    "name": "prod",
    "networkProfile": {
        "dnsServiceIp": "10.0.0.10",
        "networkPlugin": "azure",
        "podCidr": None,
        "serviceCidr": "10.0.0.0/16",
        "serviceCidrs": ["10.0.0.0/16"],
    },
    "type": "Microsoft.ContainerService/ManagedClusters",
}
AZURE_SUBNETS = [
    {
        "addressPrefix": "10.1.0.0/24",
        "id": "/subscriptions/0/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/net/subnets/nodes",
        "ipConfigurations": [{"id": "a"}, {"id": "b"}],
        "name": "nodes",
    }
]
GKE = {
    "clusterIpv4Cidr": "10.52.0.0/14",
    "defaultMaxPodsConstraint": {"maxPodsPerNode": "110"},
    "ipAllocationPolicy": {
        "clusterIpv4CidrBlock": "10.52.0.0/14",
        "clusterSecondaryRangeName": "pods",
        "servicesIpv4CidrBlock": "34.118.224.0/20",
        "useIpAliases": True,
    },
    "name": "prod",
    "nodePools": [
        {
            "name": "default-pool",
            "autoscaling": {"enabled": True, "maxNodeCount": 9},
            "networkConfig": {"podIpv4CidrBlock": "10.52.0.0/14", "podRange": "pods"},
        },
        {
            "name": "small",
            "maxPodsConstraint": {"maxPodsPerNode": "32"},
            "networkConfig": {"podIpv4CidrBlock": "10.60.0.0/20", "podRange": "more-pods"},
            "podIpv4CidrSize": 26,
        },
    ],
    "servicesIpv4Cidr": "34.118.224.0/20",
    "subnetwork": "nodes",
}
GCP_SUBNETS = [
    {
        "ipCidrRange": "10.10.0.0/29",
        "kind": "compute#subnetwork",
        "name": "nodes",
        "network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/net",
        "region": "https://www.googleapis.com/compute/v1/projects/p/regions/europe-west1",
        "secondaryIpRanges": [{"ipCidrRange": "10.52.0.0/14", "rangeName": "pods"}],
    }
]


def write(folder, **listings):
    """Write each listing as a JSON file of its name."""
    for name, listing in listings.items():
        (folder / f"{name}.json").write_text(json.dumps(listing))
    return folder
