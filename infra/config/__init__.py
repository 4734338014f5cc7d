"""What a user may say about a stack, and whether it holds together; pure, without `pulumi`.

`keys` declares every key once: its type with range, its default, one sentence. `parsing` turns the texts of a stack file
into an `AwsConfig` or an `AzureConfig`, or into all of its faults at once; `relations` holds the rules between keys; `docs`
writes `Pulumi.yaml`'s `config:` part and `docs/CONFIG.md` from the same declaration. Everybody in `infra` may import this
package.
"""

from infra.config.faults import ConfigError, Fault
from infra.config.keys import AwsConfig, AzureConfig, StackConfig
from infra.config.parsing import Source, parse

__all__ = ["AwsConfig", "AzureConfig", "ConfigError", "Fault", "Source", "StackConfig", "parse"]
