"""What stores data is encrypted, and with a key of the customer: the customer can turn it off, and a trail watches it.

A key of the account's own making (`alias/aws/...`) does not count. A key that is not known yet is one of this stack.
"""

from collections.abc import Callable, Mapping

from tandem_policy.values import (
    UNKNOWN,
    Answers,
    Config,
    Finding,
    Properties,
    Resource,
    block,
    maps,
    text,
    unknown_at,
    yes,
)

AWS_OWN_KEY = "alias/aws/"


def key_fault(key: object) -> str:
    """What is wrong with a key; empty when nothing is."""
    if key is UNKNOWN:
        return ""
    if not key:
        return "names no key"
    return f"names AWS's own key {key}" if AWS_OWN_KEY in text(key) else ""


def disks_are_encrypted(resource: Resource, _: Config) -> Answers:
    """Volumes, and the disks inside instances and templates."""
    props = resource.props
    match resource.type:
        case "aws:ebs/volume:Volume":
            yield from _disk("the volume", "", props)
        case (
            "aws:ec2/instance:Instance"
            | "aws:ec2/spotInstanceRequest:SpotInstanceRequest"
            | "aws:ec2/launchConfiguration:LaunchConfiguration"
        ):
            if props.get("rootBlockDevice") is UNKNOWN:
                yield from unknown_at("rootBlockDevice", UNKNOWN)
            else:
                yield from _disk("the root disk", "rootBlockDevice.", block(props.get("rootBlockDevice")))
            for place, disk in enumerate(maps(props.get("ebsBlockDevices"))):
                yield from _disk(f"the disk {text(disk.get('deviceName'))}", f"ebsBlockDevices.{place}.", disk)
        case "aws:ec2/launchTemplate:LaunchTemplate":
            for place, device in enumerate(maps(props.get("blockDeviceMappings"))):
                if disk := block(device.get("ebs")):
                    named = text(device.get("deviceName"))
                    yield from _disk(f"the disk {named}", f"blockDeviceMappings.{place}.ebs.", disk)
        case _:
            pass


def _disk(what: str, path: str, disk: Properties) -> Answers:
    encrypted = disk.get("encrypted")
    yield from unknown_at(f"{path}encrypted", encrypted)
    if encrypted is not UNKNOWN and not yes(encrypted):
        yield Finding(f"{what} is not encrypted: set {path}encrypted and {path}kmsKeyId")
    elif fault := key_fault(disk.get("kmsKeyId")):
        yield Finding(f"{what} {fault}: set {path}kmsKeyId to a key of yours")


def tables_are_encrypted(resource: Resource, _: Config) -> Answers:
    """DynamoDB tables and their replicas."""
    if resource.type == "aws:dynamodb/table:Table":
        at_rest = resource.props.get("serverSideEncryption")
        if at_rest is UNKNOWN:
            yield from unknown_at("serverSideEncryption", UNKNOWN)
            return
        found = block(at_rest)
        yield from unknown_at("serverSideEncryption.enabled", found.get("enabled"))
        if found.get("enabled") is not UNKNOWN and not yes(found.get("enabled")):
            yield Finding(
                "the table has no key of yours: set serverSideEncryption.enabled and serverSideEncryption.kmsKeyArn"
            )
        elif fault := key_fault(found.get("kmsKeyArn")):
            yield Finding(f"the table {fault}: set serverSideEncryption.kmsKeyArn to a key of yours")
        for replica in maps(resource.props.get("replicas")):
            if fault := key_fault(replica.get("kmsKeyArn")):
                yield Finding(f"the replica in {text(replica.get('regionName'))} {fault}: set its kmsKeyArn")
    elif resource.type == "aws:dynamodb/tableReplica:TableReplica" and (fault := key_fault(resource.props.get("kmsKeyArn"))):
        yield Finding(f"the replica {fault}: set kmsKeyArn to a key of yours in its region")


def topics_are_encrypted(resource: Resource, _: Config) -> Answers:
    """SNS topics."""
    if resource.type == "aws:sns/topic:Topic" and (fault := key_fault(resource.props.get("kmsMasterKeyId"))):
        yield Finding(f"the topic {fault}: set kmsMasterKeyId, and let in by the key's policy who publishes")


def queues_are_encrypted(resource: Resource, config: Config) -> Answers:
    """SQS queues; by default SQS's own key will do."""
    if resource.type != "aws:sqs/queue:Queue":
        return
    key, own = resource.props.get("kmsMasterKeyId"), resource.props.get("sqsManagedSseEnabled")
    if not key_fault(key):
        return
    if config["customerKey"]:
        yield Finding(f"the queue {key_fault(key)}: set kmsMasterKeyId, and let in by the key's policy who sends")
    elif not key:
        yield from unknown_at("sqsManagedSseEnabled", own)
        if own is not UNKNOWN and not yes(own):
            yield Finding("the queue does not say how it is encrypted: set sqsManagedSseEnabled or kmsMasterKeyId")


SHARES: Mapping[str, Callable[[Properties], Properties]] = {
    "aws:efs/fileSystem:FileSystem": lambda props: props,
    "aws:fsx/lustreFileSystem:LustreFileSystem": lambda props: {**props, "encrypted": True},
    "aws:fsx/ontapFileSystem:OntapFileSystem": lambda props: {**props, "encrypted": True},
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": lambda props: {**props, "encrypted": True},
    "aws:fsx/windowsFileSystem:WindowsFileSystem": lambda props: {**props, "encrypted": True},
}
"""File systems, by what is read of them; FSx always encrypts, with AWS's own key where none is named."""


def shares_are_encrypted(resource: Resource, _: Config) -> Answers:
    """File systems that several machines mount."""
    if read := SHARES.get(resource.type):
        yield from _disk("the file system", "", read(resource.props))


def logs_are_encrypted(resource: Resource, _: Config) -> Answers:
    """CloudWatch log groups."""
    if resource.type == "aws:cloudwatch/logGroup:LogGroup" and (fault := key_fault(resource.props.get("kmsKeyId"))):
        yield Finding(f"the log group {fault}: set kmsKeyId, and let logs.REGION.amazonaws.com in by the key's policy")
