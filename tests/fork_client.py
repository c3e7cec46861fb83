"""Ask the fork server for a program; end as it ends. It imports little, so that it starts at once.

Run as `fork_client.py ADDRESS BINARY ARGUMENT ...`, where BINARY is python or a Python script;
python may be given a file or `-c`, and is started anew for anything else.
"""

import json
import os
import signal
import socket
import sys


def main() -> None:
    address, binary, *arguments = sys.argv[1:]
    if os.path.basename(binary) != "python":  # noqa: PTH119 (pathlib takes longer to import)
        arguments = [binary, *arguments]
    elif arguments[0].startswith("-") and arguments[0] != "-c":
        os.execv(binary, [binary, *arguments])
    asked = {"folder": os.getcwd(), "environment": dict(os.environ), "arguments": arguments}  # noqa: PTH109
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        socket.send_fds(server, [json.dumps(asked).encode()], [0, 1, 2])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _: server.send(bytes([number])) and None)
        answer = server.recv(2)
    code = int.from_bytes(answer, signed=True) if answer else 1
    if code < 0:
        if -code != signal.SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


if __name__ == "__main__":
    main()
