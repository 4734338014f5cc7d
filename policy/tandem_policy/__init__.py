"""Rules for stacks that hold a pair behind one fixed address, and what stands around it.

`table` lists the rules; each file in `aws` and `azure` holds what one cloud's rules say of one subject, as plain functions
over plain values (`values`), so they are tested without a server. Files of one name are twins. `pack` alone knows Pulumi's
policy SDK. Nothing here imports the program: whoever copies the folder `policy/` has all of it.
"""
