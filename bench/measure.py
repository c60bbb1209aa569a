"""Runs a command and prints, as JSON, its wall and CPU seconds and its peak memory in MB.

The operating system's own account of one finished child, which Node does not give.
"""

import json
import os
import sys
import time

start = time.monotonic()
child = os.posix_spawnp(
    sys.argv[1],
    sys.argv[1:],
    os.environ,
    file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)],
)
_, status, usage = os.wait4(child, 0)
wall = time.monotonic() - start
if status != 0:
    sys.exit(f"{' '.join(sys.argv[1:])}: status {status}")
print(json.dumps({"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "megabytes": usage.ru_maxrss / 1024}))
