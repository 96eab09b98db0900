"""The work: fold notifications into sessions, ask the call log, publish outcomes, and keep house."""
