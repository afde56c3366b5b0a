# A contestant of bench/losses: Authlib as its documentation has it, with the token fetched from where it is kept for each
# call and saved by update_token; the file is replaced as a whole.
# Usage: authlib_tokens.py CALLERS FILE TOKEN_ENDPOINT REFRESH_TOKEN; what it prints is described in test/support/fleet_program.hpp.
import json
import os
import sys
import threading
import time

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session

callers, path, endpoint, first = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
signing_in = threading.Lock()
number = 0


def say(text):
    sys.stdout.write(text.replace("\n", " ") + "\n")
    sys.stdout.flush()


def load():
    try:
        with open(path) as f:
            return json.load(f)
    except FileNotFoundError:
        return {"access_token": "none", "refresh_token": first, "token_type": "Bearer", "expires_at": 1}


def save(token, refresh_token=None, access_token=None):
    global number
    fresh = "%s.%d.%d" % (path, os.getpid(), threading.get_ident())
    with open(fresh, "w") as f:
        json.dump(token, f)
        f.flush()
        os.fsync(f.fileno())
    os.rename(fresh, path)
    number += 1
    say("generation %d" % number)


def sign_in(used):
    with signing_in:
        if load()["refresh_token"] != used:
            return  # another caller has signed in
        say("lost grant")
        line = sys.stdin.readline()
        if not line:
            os._exit(0)
        save({"access_token": "none", "refresh_token": line.strip(), "token_type": "Bearer", "expires_at": 1})


def call():
    while True:
        pause = 0.01
        token = load()
        try:
            session = OAuth2Session("fleet", token=token, token_endpoint=endpoint, update_token=save,
                                    token_endpoint_auth_method="none")
            session.ensure_active_token(session.token)
        except OAuthError as e:
            if e.error == "invalid_grant":
                sign_in(token["refresh_token"])
            else:
                say("failed %s" % e)
                pause = 0.1
        except Exception as e:
            say("failed %s" % e)
            pause = 0.1
        time.sleep(pause)


for _ in range(callers):
    threading.Thread(target=call, daemon=True).start()
while True:
    time.sleep(60)
