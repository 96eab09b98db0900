"""Whether anybody may hear what is told on the live channels: while nobody does, it need not even be written.

Asked with what a step reads first, so that whoever begins to listen hears what happens from the next step on.
"""

from typing import Any, Final

from runtime import keys

_THERE_IS_ONE: Final = """
-- Say whether somebody may hear what is published. ARGV: pattern of the channels. Whoever listens to any pattern may,
-- and whoever listens to a replica, of whom this server does not know. What we may not ask counts as yes.
local patterns, channels = redis.pcall('PUBSUB', 'NUMPAT'), redis.pcall('PUBSUB', 'CHANNELS', ARGV[1])
local replicas = redis.pcall('INFO', 'replication')
local nobody = patterns == 0 and #channels == 0 and not channels.err
  and type(replicas) == 'string' and string.find(replicas, 'connected_slaves:0', 1, true)
return nobody and 0 or 1
"""


def ask(pipeline: Any) -> None:
    """Ask, as one of the commands of a pipeline, whether there is an audience: 1, or 0 for certainly none."""
    pipeline.eval(_THERE_IS_ONE, 0, f"{keys.LIVE}*")
