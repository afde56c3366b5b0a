"""Runs the gateway and its peers in turns under wrk. Usage: measure.py AFRESH GO_PROXY RESULTS.json [ROUNDS [SECONDS]]"""
import json, os, re, shutil, signal, socket, statistics, subprocess, sys, tempfile, time, urllib.request

afresh, go_proxy, results_file = sys.argv[1:4]
rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 5
seconds = int(sys.argv[5]) if len(sys.argv) > 5 else 3
here = os.path.dirname(os.path.abspath(__file__))
server = os.path.join(here, "../../test/integration/authorization-server")
place = tempfile.mkdtemp(prefix="afresh-bench.")
os.chmod(place, 0o711)
children = []


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


# Contestants have the last processor to themselves, and all others have the first: what is measured is not who was
# placed where.
def pinned(command, contestant):
    if not shutil.which("taskset") or os.cpu_count() < 2:
        return command
    return ["taskset", "-c", str(os.cpu_count() - 1 if contestant else 0)] + command


def start(command, contestant=False, **more):
    command = pinned(command, contestant)
    child = subprocess.Popen(command, stdout=more.pop("stdout", subprocess.DEVNULL),
                             stderr=open(os.path.join(place, "errors"), "a"), **more)
    children.append(child)
    return child


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing listens on port {port}; see {place}/errors")


def write(name, text):
    path = os.path.join(place, name)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o644)
    return path


def nginx(name, body, contestant=False):
    conf = write(name, f"""
daemon off; worker_processes 1; pid {place}/{name}.pid; error_log {place}/{name}.log;
events {{ worker_connections 16384; }}
http {{
    access_log off; keepalive_timeout 1h; keepalive_requests 1000000000;
    client_max_body_size 2m; client_body_buffer_size 2m;
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/f;
    uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
    {body}
}}""")
    return start(["nginx", "-e", f"{place}/{name}.log", "-c", conf], contestant)


def worker_of(child):
    out = subprocess.run(["pgrep", "-P", str(child.pid)], capture_output=True, text=True).stdout.split()
    return int(out[0]) if out else child.pid


def memory(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1))


def wrk(url, connections, script=None, environment=None):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency"]
    if script:
        command += ["-s", os.path.join(here, script)]
    out = subprocess.run(pinned(command + [url], False), capture_output=True, text=True, env={**os.environ, **(environment or {})}).stdout
    bad = re.search(r"Non-2xx.*?(\d+)", out)
    errors = re.search(r"Socket errors: (.*)", out)
    if bad or errors:
        failures.append(f"{url} with {connections}: {(bad or errors).group(0)}")
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)", out)
    unit = {"us": 1e-6, "ms": 1e-3, "s": 1}[found.group(2)]
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), "p99": float(found.group(1)) * unit}


def idle_memory(port, pid, count):
    sockets = []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        s.recv(4096)
        sockets.append(s)
    after = memory(pid)
    for s in sockets:
        s.close()
    return after / 1024


def least_time(command, environment, times=20):
    best = 1e9
    for _ in range(times):
        begin = time.perf_counter()
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
        best = min(best, time.perf_counter() - begin)
    return best


failures = []
try:
    ports = {name: free_port() for name in ("as", "api", "nginx", "go", "afresh", "status")}
    os.makedirs(f"{place}/files")
    with open(f"{place}/files/large", "w") as f:
        f.write("x" * 1024 * 1024)
    os.chmod(f"{place}/files", 0o755)
    start(["node", "as.mjs"], cwd=server, env={**os.environ, "PORT": str(ports["as"]), "AT_TTL": "3"})
    nginx("api", f"""server {{
        listen 127.0.0.1:{ports['api']} backlog=4096;
        if ($http_authorization = "") {{ return 401; }}
        location / {{ return 200 '{{"id":"7f8a2c","name":"a small answer","items":[1,2,3,4,5,6,7,8]}}'; }}
        location /large {{ root {place}/files; }}
    }}""")
    peer = nginx("nginx", f"""upstream api {{ server 127.0.0.1:{ports['api']}; keepalive 1024; keepalive_requests 1000000000; }}
    server {{
        listen 127.0.0.1:{ports['nginx']} backlog=4096;
        location / {{ proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection "";
                      proxy_set_header Authorization "Bearer fixed"; proxy_max_temp_file_size 0; }}
    }}""", True)
    for name in ("as", "api", "nginx"):
        wait_for(ports[name])
    issuer = f"http://127.0.0.1:{ports['as']}"
    go = start([go_proxy, f"127.0.0.1:{ports['go']}", f"http://127.0.0.1:{ports['api']}", f"{issuer}/token", "basic",
                "basic-secret"], True)
    config = write("config.json", json.dumps({
        "profiles": {"batch": {"issuer": issuer, "client_id": "basic", "client_authentication": "client_secret_basic",
                               "client_secret": {"file": write("secret", "basic-secret")},
                               "grant": "client_credentials"}},
        "gateway": {"status": f"127.0.0.1:{ports['status']}",
                    "routes": [{"listen": f"127.0.0.1:{ports['afresh']}", "target": f"http://127.0.0.1:{ports['api']}",
                                "profile": "batch"}]}}))
    own = {**os.environ, "AFRESH_CONFIG": config, "XDG_STATE_HOME": place}
    gateway = start([afresh, "gateway"], True, env=own)
    for name in ("go", "afresh", "status"):
        wait_for(ports[name])
    pids = {"afresh": gateway.pid, "nginx": worker_of(peer), "go": go.pid}
    url = {name: f"http://127.0.0.1:{ports[name]}/" for name in pids}

    samples = {}

    def measure(setting, run):
        for _ in range(rounds):
            for name in pids:
                samples.setdefault(setting, {}).setdefault(name, []).append(run(name))

    def median(setting, name, what):
        return statistics.median(s[what] for s in samples[setting][name])

    for connections in (32, 512):
        measure(f"{connections} connections", lambda name: wrk(url[name], connections))
    # The same load for all: half of what the slower of the first two can bear.
    half = min(median("32 connections", name, "rate") for name in ("afresh", "nginx")) / 2
    pace = {"WAIT": str(round(1000 * 128 / half))}
    measure("half of saturation", lambda name: wrk(url[name], 128, "paced.lua", pace))
    measure("1 MiB answers, 32 connections", lambda name: wrk(url[name] + "large", 32))
    measure("1 MiB requests, 32 connections", lambda name: wrk(url[name], 32, "upload.lua"))

    rows = []

    def row(measure_name, unit, values, target):
        rows.append({"measure": measure_name, "unit": unit, **values, "target": target,
                     "to_nginx": values["afresh"] / values["nginx"] if values.get("nginx") else None,
                     "to_go": values["afresh"] / values["go"] if values.get("go") else None})

    for setting in samples:
        if setting != "half of saturation":
            goal = ">= 0.9 nginx" if "MiB" in setting else ">= 1.0 nginx, >= 2 Go"
            row(setting, "requests/s", {name: median(setting, name, "rate") for name in pids}, goal)
    row(f"p99 at {half:.0f} requests/s", "ms", {n: 1e3 * median("half of saturation", n, "p99") for n in pids},
        "<= 1.2 nginx")
    row("memory with 10,000 idle connections", "MiB", {n: idle_memory(ports[n], pids[n], 10_000) for n in pids}, "")
    row("cold start, --version", "ms", {"afresh": 1e3 * least_time([afresh, "--version"], own)}, "<= 20")
    row("cold start, token that is held", "ms", {"afresh": 1e3 * least_time([afresh, "token"], own)}, "<= 20")
    small = shutil.copy(afresh, f"{place}/stripped")
    subprocess.run(["strip", small], check=True)
    row("size of the program", "KiB", {"afresh": os.path.getsize(small) / 1024, "go": os.path.getsize(go_proxy) / 1024}, "")

    print(f"\n{'':38}{'afresh':>12}{'nginx':>12}{'Go':>12}{'of nginx':>10}{'of Go':>8}  target")
    for r in rows:
        number = lambda v: "" if v is None else (f"{v:.2f}" if v < 10 else f"{v:.0f}")
        print(f"{r['measure']:38}{number(r['afresh']):>12}{number(r.get('nginx')):>12}{number(r.get('go')):>12}"
              f"{number(r['to_nginx']):>10}{number(r['to_go']):>8}  {r['target']}")
    with urllib.request.urlopen(f"http://127.0.0.1:{ports['status']}/status.json") as answer:
        renewed = json.load(answer)
    print(f"\ntokens: {renewed['sources'][0]['token_requests']} requests; failed requests: {renewed['failed']:.0f}")
    for f in failures:
        print("failed:", f)
    with open(results_file, "w") as f:
        json.dump({"rounds": rounds, "seconds": seconds, "rows": rows, "samples": samples, "failures": failures}, f, indent=1)
    print("written:", results_file)
finally:
    for child in reversed(children):
        child.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.wait(5)
        except subprocess.TimeoutExpired:
            child.kill()
    shutil.rmtree(place, ignore_errors=True)
