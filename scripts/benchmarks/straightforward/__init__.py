"""The baseline: what a competent developer builds in an afternoon from the quick starts of Flask, RQ and RingCentral.

One RQ job for every notification; the job keeps the state of the call's parties in Redis; when all of them are gone,
the call is looked up in the call log by its telephonySessionId, and how it ended is published on a Redis channel.

No straw man: it answers RingCentral at once, checks the verification token, gives the record ten seconds to appear and
then asks again ever more slowly, waits out a 429 for as long as it is told to, keeps its access token, and asks in one
process only, so that it does not make a penalty longer itself. What it does not do is what the benchmarks are about: it
shares nothing between calls.
"""
