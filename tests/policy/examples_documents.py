"""Examples of the rule of `documents`."""

import json
from typing import Any

from tandem_policy.values import UNKNOWN
from tests.policy.examples import Example, make

POLICY = "aws:iam/policy:Policy"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ROLE = "aws:iam/role:Role"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
TABLE = "arn:aws:dynamodb:eu-central-1:123456789012:table/t"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **each} for each in statements]})


def everything(name: str) -> str:
    return f"arn:aws:iam::aws:policy/{name} allows nearly everything: attach a policy that names actions and resources"


EXAMPLES = (
    Example(
        rule="no-star",
        what="everything",
        resources=[make(POLICY, policy=document({"Action": "*", "Resource": "*"}))],
        says=["statement 1 allows *: name the actions"],
    ),
    Example(
        rule="no-star",
        what="all of one service",
        resources=[make(ROLE_POLICY, policy=document({"Sid": "All", "Action": ["s3:*"], "Resource": "arn:aws:s3:::b/*"}))],
        says=["statement All allows s3:*: name the actions"],
    ),
    Example(
        rule="no-star",
        what="actions that take a resource, on * and on an ARN that names none",
        resources=[
            make(POLICY, policy=document({"Action": ["dynamodb:PutItem", "dynamodb:ListTables"], "Resource": "*"})),
            make(POLICY, policy=document({"Action": "s3:GetObject", "Resource": ["arn:aws:s3:::*"]})),
        ],
        says=[
            "statement 1 allows dynamodb:PutItem on *: name the resources",
            "statement 1 allows s3:GetObject on *: name the resources",
        ],
    ),
    Example(
        rule="no-star",
        what="a wildcard of actions of which some take a resource",
        resources=[make(POLICY, policy=document({"Action": "ec2:Describe*", "Resource": "*"}))],
        says=["statement 1 allows ec2:Describe* on *: name the resources"],
    ),
    Example(
        rule="no-star",
        what="all but something",
        resources=[
            make(
                POLICY,
                policy=document(
                    {"NotAction": "iam:*", "Resource": TABLE}, {"Action": "dynamodb:GetItem", "NotResource": TABLE}
                ),
            )
        ],
        says=[
            "statement 1 allows all but what NotAction names: name what is allowed",
            "statement 2 allows all but what NotResource names: name what is allowed",
        ],
    ),
    Example(
        rule="no-star",
        what="AWS's own policies of everything, and one inside a role",
        resources=[
            make(ATTACHMENT, role="r", policyArn="arn:aws:iam::aws:policy/AdministratorAccess"),
            make(
                ROLE,
                managedPolicyArns=["arn:aws:iam::aws:policy/PowerUserAccess"],
                inlinePolicies=[{"name": "p", "policy": document({"Action": "iam:*", "Resource": "*"})}],
            ),
        ],
        says=[
            everything("AdministratorAccess"),
            "statement 1 allows iam:*: name the actions",
            everything("PowerUserAccess"),
        ],
    ),
    Example(
        rule="no-star",
        what="named actions on named resources, and what takes none on *",
        resources=[
            make(
                POLICY,
                policy=document(
                    {"Action": ["dynamodb:GetItem", "kms:GenerateDataKey*"], "Resource": [TABLE, f"{TABLE}/index/*"]},
                    {"Action": ["ec2:DescribeInstances", "logs:DescribeLogGroups"], "Resource": "*"},
                    {"Action": "EC2:describeaddresses", "Resource": "*"},
                    {"Action": ["elasticloadbalancing:Describe*", "ec2:CreateNetworkInterface"], "Resource": "*"},
                ),
            ),
            make(ATTACHMENT, role="r", policyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"),
        ],
    ),
    Example(
        rule="no-star",
        what="what is denied, and what the configuration lets have *",
        resources=[
            make(
                POLICY,
                policy=document(
                    {"Effect": "Deny", "Action": "*", "Resource": "*"},
                    {"Action": "ses:ListIdentities", "Resource": "*"},
                ),
            )
        ],
        config={"actions": ["ses:List*"]},
    ),
    Example(
        rule="no-star",
        what="documents that are not known yet",
        resources=[make(POLICY, policy=UNKNOWN), make(ROLE, inlinePolicies=UNKNOWN)],
        undecided=["policy", "inlinePolicies"],
    ),
)
