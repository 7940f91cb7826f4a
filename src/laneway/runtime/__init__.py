"""The verbs: submit a command, run a turn, stream events, fire timers, recover, erase."""
