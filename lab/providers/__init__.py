"""What creates, reads and deletes resources in the lab's emulators, by resource type.

`plain` holds the values, `registry` finds the handler of a type, `aws` holds the handlers. The engine calls the registry;
nothing here knows the engine.
"""
