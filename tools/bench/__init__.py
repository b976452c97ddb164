"""The benchmarks: `python tools/bench`.

`cli` reads the arguments and runs the tables; `tables/` says what is compared and how fast it
must be (`targets`); `contestants/` are the libraries, each in a process of its own (`worker`,
driven by `team`); `measure` lets them take turns; `report` prints and keeps the results.
"""
