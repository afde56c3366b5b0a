// GETs with undici, the HTTP client of Node: URL CONNECTIONS SECONDS [CA_FILE]
import { readFileSync } from 'node:fs';
import { Pool } from 'undici';

const [url, connections, seconds, caFile] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const pool = new Pool(origin, {
  connections: Number(connections),
  pipelining: 1,
  connect: caFile ? { ca: readFileSync(caFile) } : {},
});
const headers = { authorization: 'Bearer access-0001-vF9dft4qmTc2Nvb3RlckBhcHBzLmV4YW1wbGUuY29t' };

// Counts from the moment that each connection has had an answer.
let warm = 0, done = 0, failed = 0, over = false;
let begin = 0, last = 0, processor;
function count(first, good) {
  if (over) return;
  if (!good) failed++;
  if (warm < connections) {
    if (first && ++warm == connections) {
      begin = performance.now();
      processor = process.cpuUsage();
    }
    return;
  }
  done++;
  last = performance.now();
  if (last - begin < seconds * 1000) return;
  over = true;
  processor = process.cpuUsage(processor);
}

async function get() {
  try {
    const answer = await pool.request({ path: pathname, method: 'GET', headers });
    await answer.body.text();
    return answer.statusCode == 200;
  } catch {
    return false;
  }
}

async function caller() {
  for (let first = true; !over; first = false) count(first, await get());
}

await Promise.all(Array.from({ length: Number(connections) }, caller));
const took = (last - begin) / 1000;
console.log(JSON.stringify({
  requests_per_second: done / took,
  requests: done,
  failures: failed,
  seconds: took,
  processor_seconds: (processor.user + processor.system) / 1e6,
  peak_kib: process.resourceUsage().maxRSS,
}));
await pool.destroy();
