"""The program: what should exist. `pulumi up` runs `infra/__main__.py`.

Pure parts first: `config` (what a user may say), `regions`, `addressing`, `naming`, `pace`, `price`. Then `aws`: one file
per layer. The watchdog moves the address at run time; nothing here says where it is.
"""
