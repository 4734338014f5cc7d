"""Machines give their role's credentials only to who can hold a session with the metadata service (IMDSv2).

With version 1 one forged request through a proxy or a web server on the machine is enough.
"""

from tandem_policy.values import UNKNOWN, Answers, Config, Finding, Resource, Undecided, block, text, unknown_at

MACHINES = (
    "aws:ec2/instance:Instance",
    "aws:ec2/launchConfiguration:LaunchConfiguration",
    "aws:ec2/launchTemplate:LaunchTemplate",
    "aws:ec2/spotInstanceRequest:SpotInstanceRequest",
)


def metadata_wants_a_session(resource: Resource, _: Config) -> Answers:
    """Each machine and template says so itself: what an image or an account chooses instead is not seen here."""
    if resource.type not in MACHINES:
        return
    options = resource.props.get("metadataOptions")
    if options is UNKNOWN:
        yield from unknown_at("metadataOptions", UNKNOWN)
        return
    endpoint, tokens = block(options).get("httpEndpoint"), block(options).get("httpTokens")
    if endpoint == "disabled" or tokens == "required":
        return
    if UNKNOWN in (endpoint, tokens):
        yield Undecided("metadataOptions.httpTokens")
    else:
        found = f"is {text(tokens)}" if tokens else "is not set"
        yield Finding(f"metadataOptions.httpTokens {found}: set it to required")
