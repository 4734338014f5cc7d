"""Examples of the rules of `encryption`."""

from tandem_policy.values import UNKNOWN
from tests.policy.examples import KEY, Example, make

VOLUME = "aws:ebs/volume:Volume"
INSTANCE = "aws:ec2/instance:Instance"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
TABLE = "aws:dynamodb/table:Table"
REPLICA = "aws:dynamodb/tableReplica:TableReplica"
TOPIC = "aws:sns/topic:Topic"
QUEUE = "aws:sqs/queue:Queue"
SHARE = "aws:efs/fileSystem:FileSystem"
WINDOWS = "aws:fsx/windowsFileSystem:WindowsFileSystem"
GROUP = "aws:cloudwatch/logGroup:LogGroup"
ENCRYPTED = {"encrypted": True, "kmsKeyId": KEY}

EXAMPLES = (
    Example(
        rule="disks-encrypted",
        what="a volume that says nothing",
        resources=[make(VOLUME, size=1)],
        says=["the volume is not encrypted: set encrypted and kmsKeyId"],
    ),
    Example(
        rule="disks-encrypted",
        what="a volume with the account's default key",
        resources=[make(VOLUME, encrypted=True)],
        says=["the volume names no key: set kmsKeyId to a key of yours"],
    ),
    Example(
        rule="disks-encrypted",
        what="a volume with AWS's own key",
        resources=[make(VOLUME, encrypted=True, kmsKeyId="alias/aws/ebs")],
        says=["the volume names AWS's own key alias/aws/ebs: set kmsKeyId to a key of yours"],
    ),
    Example(rule="disks-encrypted", what="a volume with a key", resources=[make(VOLUME, encrypted=True, kmsKeyId=KEY)]),
    Example(
        rule="disks-encrypted",
        what="a volume with a key that is not made yet",
        resources=[make(VOLUME, encrypted=True, kmsKeyId=UNKNOWN)],
    ),
    Example(
        rule="disks-encrypted",
        what="a volume of which nobody knows yet",
        resources=[make(VOLUME, encrypted=UNKNOWN, kmsKeyId=KEY)],
        undecided=["encrypted"],
    ),
    Example(
        rule="disks-encrypted",
        what="an instance without a word of its root disk",
        resources=[make(INSTANCE, ami="ami-1")],
        says=["the root disk is not encrypted: set rootBlockDevice.encrypted and rootBlockDevice.kmsKeyId"],
    ),
    Example(
        rule="disks-encrypted",
        what="an instance with a second disk in clear",
        resources=[
            make(INSTANCE, rootBlockDevice=ENCRYPTED, ebsBlockDevices=[{"deviceName": "/dev/sdf", "encrypted": False}])
        ],
        says=["the disk /dev/sdf is not encrypted: set ebsBlockDevices.0.encrypted and ebsBlockDevices.0.kmsKeyId"],
    ),
    Example(
        rule="disks-encrypted",
        what="an instance of which all disks are encrypted",
        resources=[
            make(INSTANCE, rootBlockDevice=ENCRYPTED, ebsBlockDevices=[{"deviceName": "/dev/sdf", **ENCRYPTED}]),
        ],
    ),
    Example(
        rule="disks-encrypted",
        what="an instance whose root disk is not known yet",
        resources=[make(INSTANCE, rootBlockDevice=UNKNOWN)],
        undecided=["rootBlockDevice"],
    ),
    Example(
        rule="disks-encrypted",
        what="a template with a disk without a key, and a mapping that is no disk",
        resources=[
            make(
                TEMPLATE,
                blockDeviceMappings=[
                    {"deviceName": "/dev/xvdb", "virtualName": "ephemeral0"},
                    {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}},
                ],
            )
        ],
        says=["the disk /dev/xvda names no key: set blockDeviceMappings.1.ebs.kmsKeyId to a key of yours"],
    ),
    Example(
        rule="disks-encrypted",
        what="a template with an encrypted disk",
        resources=[make(TEMPLATE, blockDeviceMappings=[{"ebs": {"encrypted": "true", "kmsKeyId": KEY}}])],
    ),
    Example(
        rule="tables-encrypted",
        what="a table with DynamoDB's own key",
        resources=[make(TABLE, name="t")],
        says=["the table has no key of yours: set serverSideEncryption.enabled and serverSideEncryption.kmsKeyArn"],
    ),
    Example(
        rule="tables-encrypted",
        what="a table with AWS's own key for DynamoDB",
        resources=[make(TABLE, serverSideEncryption={"enabled": True})],
        says=["the table names no key: set serverSideEncryption.kmsKeyArn to a key of yours"],
    ),
    Example(
        rule="tables-encrypted",
        what="a replica without a key of its region",
        resources=[
            make(
                TABLE,
                serverSideEncryption={"enabled": True, "kmsKeyArn": KEY},
                replicas=[{"regionName": "eu-west-1"}, {"regionName": "eu-west-2", "kmsKeyArn": KEY}],
            ),
            make(REPLICA, globalTableArn="arn:aws:dynamodb:eu-central-1:123456789012:table/t"),
        ],
        says=[
            "the replica in eu-west-1 names no key: set its kmsKeyArn",
            "the replica names no key: set kmsKeyArn to a key of yours in its region",
        ],
    ),
    Example(
        rule="tables-encrypted",
        what="a table and a replica with keys",
        resources=[
            make(TABLE, serverSideEncryption={"enabled": True, "kmsKeyArn": UNKNOWN}),
            make(REPLICA, kmsKeyArn=KEY),
        ],
    ),
    Example(
        rule="tables-encrypted",
        what="a table of which nobody knows yet",
        resources=[make(TABLE, serverSideEncryption=UNKNOWN)],
        undecided=["serverSideEncryption"],
    ),
    Example(
        rule="topics-encrypted",
        what="a topic in clear",
        resources=[make(TOPIC, name="notices")],
        says=["the topic names no key: set kmsMasterKeyId, and let in by the key's policy who publishes"],
    ),
    Example(
        rule="topics-encrypted",
        what="a topic with AWS's own key",
        resources=[make(TOPIC, kmsMasterKeyId="alias/aws/sns")],
        says=[
            "the topic names AWS's own key alias/aws/sns: set kmsMasterKeyId, and let in by the key's policy who publishes"
        ],
    ),
    Example(rule="topics-encrypted", what="a topic with a key", resources=[make(TOPIC, kmsMasterKeyId="alias/notices")]),
    Example(
        rule="shares-encrypted",
        what="file systems in clear and with AWS's own key",
        resources=[make(SHARE, creationToken="t"), make(WINDOWS, storageCapacity=32)],
        says=[
            "the file system is not encrypted: set encrypted and kmsKeyId",
            "the file system names no key: set kmsKeyId to a key of yours",
        ],
    ),
    Example(
        rule="shares-encrypted",
        what="file systems with keys",
        resources=[make(SHARE, encrypted=True, kmsKeyId=KEY), make(WINDOWS, kmsKeyId=UNKNOWN)],
    ),
    Example(
        rule="queues-encrypted",
        what="a queue that says nothing, and one in clear",
        resources=[make(QUEUE, name="q"), make(QUEUE, sqsManagedSseEnabled=False)],
        says=["the queue does not say how it is encrypted: set sqsManagedSseEnabled or kmsMasterKeyId"] * 2,
    ),
    Example(
        rule="queues-encrypted",
        what="a queue with SQS's key, where a key of yours is wanted",
        resources=[make(QUEUE, sqsManagedSseEnabled=True)],
        config={"customerKey": True},
        says=["the queue names no key: set kmsMasterKeyId, and let in by the key's policy who sends"],
    ),
    Example(
        rule="queues-encrypted",
        what="queues with SQS's key and with a key",
        resources=[make(QUEUE, sqsManagedSseEnabled=True), make(QUEUE, kmsMasterKeyId=KEY)],
    ),
    Example(
        rule="logs-encrypted",
        what="a log group without a key",
        resources=[make(GROUP, name="/a", retentionInDays=30)],
        says=["the log group names no key: set kmsKeyId, and let logs.REGION.amazonaws.com in by the key's policy"],
    ),
    Example(rule="logs-encrypted", what="a log group with a key", resources=[make(GROUP, kmsKeyId=KEY)]),
)
