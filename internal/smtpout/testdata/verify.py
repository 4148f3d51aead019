# Reads {"keys": {name: TXT}, "messages": {name: base64}} on stdin and prints,
# for each message, which of its signatures hold: name, then one 0 or 1 each.
import base64, json, sys
import dkim

job = json.load(sys.stdin)

def txt(name, timeout=5):
    return job["keys"].get(name.decode().rstrip("."), "").encode()

for name, message in sorted(job["messages"].items()):
    raw = base64.b64decode(message)
    held = []
    for i in range(2):
        try:
            held.append("1" if dkim.DKIM(raw).verify(i, dnsfunc=txt) else "0")
        except dkim.DKIMException:
            held.append("0")
    print(name, *held)
