"""For all tests."""

import signal

# A shell starts background jobs with Ctrl-C ignored, and their children inherit that: as if the
# tests of Ctrl-C pressed it in vain.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
