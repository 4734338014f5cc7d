"""The classes of Pulumi's provider protocol, and its limits. Only `lab.providers` imports this file."""

from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

MESSAGE_BYTES_MAX = 400 * 1024 * 1024
"""The engine's own limit (pulumi sdk/go/common/util/rpcutil)."""

OPTIONS = (("grpc.max_receive_message_length", MESSAGE_BYTES_MAX), ("grpc.max_send_message_length", MESSAGE_BYTES_MAX))

__all__ = ["MESSAGE_BYTES_MAX", "OPTIONS", "plugin_pb2", "provider_pb2", "provider_pb2_grpc", "status_pb2"]
