"""Rules for stacks that hold a pair behind one fixed address, and what stands around it on AWS.

`table` lists the rules; each file beside it holds the rules of one subject as plain functions over plain values (`values`),
so they are tested without a server. `pack` alone knows Pulumi's policy SDK. Nothing here imports the program: whoever copies
the folder `policy/` has all of it.
"""
