"""The policy pack of Tandem, as Pulumi's engine starts it; the rules are in `tandem_policy`."""

from tandem_policy.pack import serve

serve()
