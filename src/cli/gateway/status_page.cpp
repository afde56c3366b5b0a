#include "cli/gateway/status_page.hpp"

namespace afresh::cli {

const std::string_view status_html = R"html(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>afresh gateway</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/status.css">
<script src="/status.js" defer></script>
<header><h1>afresh</h1><p id="now" role="status">connecting</p></header>
<main>
<section id="refused" class="bad" role="alert" hidden></section>
<section aria-label="Traffic" class="numbers">
<div><b id="per_second">–</b><span>requests a second</span></div>
<div><b id="p50">–</b><span>half are faster than</span></div>
<div><b id="p99">–</b><span>99 % are faster than</span></div>
<div><b id="recovered">–</b><span>401s recovered</span></div>
<div><b id="failed">–</b><span>failed</span></div>
</section>
<section aria-label="Tokens"><h2>Tokens</h2><div id="sources"></div></section>
<section aria-label="Routes"><h2>Routes</h2><div id="routes"></div></section>
<section aria-label="The last hour"><h2>The last hour</h2>
<svg id="hour" viewBox="0 0 720 120" preserveAspectRatio="none" role="img"><title>Requests a second, and failures</title></svg>
<p class="axis"><span>an hour ago</span><span id="top"></span><span>now</span></p>
<p class="legend"><span><i class="traffic"></i>requests a second</span> <span><i class="again"></i>401s recovered</span> <span><i class="bad"></i>failed</span></p>
</section>
</main>
)html";

const std::string_view status_css =
    R"css(:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2330;--faint:#667085;--line:#e3e7ee;
--good:#1f9d66;--warn:#c77700;--bad:#d0342c;--blue:#2b6cde;--track:#e8ecf2}
@media(prefers-color-scheme:dark){:root{--bg:#0f1420;--card:#182032;--ink:#e8edf6;--faint:#93a0b8;--line:#27324a;
--good:#3ecf8e;--warn:#f0a93b;--bad:#ff6b61;--blue:#6ea2ff;--track:#263148}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
header{display:flex;align-items:baseline;gap:1rem;max-width:60rem;margin:0 auto;padding:1.4rem 1rem .4rem}
h1{margin:0;font-size:1.3rem;letter-spacing:.02em}
header p{margin:0;color:var(--faint)}
main{max-width:60rem;margin:0 auto;padding:0 1rem 2rem;display:grid;gap:1rem}
section{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1rem 1.1rem;min-width:0}
h2{margin:0 0 .7rem;font-size:.8rem;font-weight:600;text-transform:uppercase;letter-spacing:.07em;color:var(--faint)}
.numbers{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1rem}
.numbers b{display:block;font-size:1.65rem;font-weight:650;font-variant-numeric:tabular-nums}
.numbers span{color:var(--faint);font-size:.85rem}
.item+.item{margin-top:1rem;padding-top:1rem;border-top:1px solid var(--line)}
.row{display:flex;flex-wrap:wrap;justify-content:space-between;gap:.2rem 1rem}
.name{font-weight:600;overflow-wrap:anywhere}
.state{font-variant-numeric:tabular-nums}
.more{color:var(--faint);font-size:.85rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.bar{height:10px;border-radius:5px;background:var(--track);overflow:hidden;margin:.45rem 0}
.bar div{height:100%;border-radius:5px;background:var(--good);transition:width 1s linear}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.bar .warn{background:var(--warn)}.bar .bad{background:var(--bad)}
svg{display:block;width:100%;height:120px}
.traffic{fill:var(--blue);background:var(--blue)}.again{fill:var(--warn);background:var(--warn)}.failed,i.bad{fill:var(--bad);background:var(--bad)}
.axis{display:flex;justify-content:space-between;margin:.3rem 0 0;color:var(--faint);font-size:.8rem}
.legend{margin:.5rem 0 0;color:var(--faint);font-size:.8rem}
.legend span{white-space:nowrap;margin-right:.8em}
.legend i{display:inline-block;width:.7em;height:.7em;border-radius:2px;margin-right:.4em}
@media(prefers-reduced-motion:reduce){.bar div{transition:none}}
)css";

const std::string_view status_js = R"js('use strict';
const $ = (id) => document.getElementById(id);
const words = { fresh: ['good', 'good'], due: ['renewing', 'good'], refreshing: ['getting one', 'warn'], waiting: ['waiting', 'warn'],
  refused: ['refused: sign in', 'bad'], empty: ['none yet', 'warn'], closed: ['closed', 'bad'] };
const number = (n) => n >= 100 ? Math.round(n).toLocaleString('en') : String(Math.round(n * 10) / 10);
const time = (s) => s === 0 ? '–' : s < .01 ? Math.round(s * 1e5) / 100 + ' ms' : s < 1 ? Math.round(s * 1000) + ' ms' : number(s) + ' s';
const left = (s) => s < 120 ? Math.max(0, Math.round(s)) + ' s' : s < 7200 ? Math.round(s / 60) + ' min' : Math.round(s / 3600) + ' h';
const count = (n, what) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
const make = (tag, cls, text) => { const e = document.createElement(tag); if (cls) e.className = cls; if (text !== undefined) e.textContent = text; return e; };
const keep = (box, n, build) => { while (box.children.length > n) box.lastChild.remove(); while (box.children.length < n) box.append(build()); };

function item() {
  const e = make('div', 'item'), row = make('div', 'row'), bar = make('div', 'bar');
  row.append(make('span', 'name'), make('span', 'state'));
  bar.append(make('div'));
  e.append(row, bar, make('div', 'more'));
  return e;
}
function showSource(e, s) {
  const [word, tone] = words[s.state] ?? [s.state, 'warn'];
  const rest = s.expires_in;
  const share = rest === undefined ? 0 : Math.max(0, Math.min(1, rest / s.life));
  e.querySelector('.name').textContent = s.profile;
  const state = e.querySelector('.state');
  state.textContent = rest === undefined ? word : `${word}, ${left(rest)} left`;
  state.className = 'state ' + tone;
  const fill = e.querySelector('.bar div');
  fill.style.width = `${share * 100}%`;
  fill.className = tone === 'good' ? (share < .15 ? 'warn' : '') : tone;
  const more = [`generation ${s.generation}`, count(s.token_requests, 'token request')];
  if (s.waiters) more.push(`${s.waiters} waiting`);
  if (s.failures) more.push(count(s.failures, 'failure') + ' in a row');
  if (s.detail) more.push(s.detail);
  e.querySelector('.more').textContent = more.join(' · ');
}
function route() {
  const e = make('div', 'item'), row = make('div', 'row');
  row.append(make('span', 'name'), make('span', 'state'));
  e.append(row, make('div', 'more'));
  return e;
}
function showRoute(e, r) {
  e.querySelector('.name').textContent = r.target;
  e.querySelector('.state').textContent = `${r.in_flight} under way`;
  const more = [`on ${r.listen}`, `token of ${r.profile}`, count(r.requests, 'request')];
  if (r.failed) more.push(`${r.failed.toLocaleString('en')} failed`);
  if (r.recovered) more.push(`${r.recovered.toLocaleString('en')} × 401 recovered`);
  e.querySelector('.more').textContent = more.join(' · ');
}
function bar(svg, cls, x, w, y, h) {
  const r = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
  for (const [k, v] of Object.entries({ class: cls, x, y, width: w, height: h })) r.setAttribute(k, v);
  svg.append(r);
}
function showHour(hour) {
  const svg = $('hour'), n = 360, top = Math.max(1, ...hour.map((p) => p[0]));
  while (svg.children.length > 1) svg.lastChild.remove();
  hour.forEach(([rate, failed, again], i) => {
    const x = (n - hour.length + i) * 2, h = rate / top * 110;
    if (rate > 0) bar(svg, 'traffic', x, 1.6, 120 - h, h);
    if (again > 0) bar(svg, 'again', x, 1.6, 114, 6);
    if (failed > 0) bar(svg, 'failed', x, 1.6, 0, 12);
  });
  $('top').textContent = `at most ${number(top)} a second`;
}
const events = new EventSource('/events');
events.onmessage = (m) => {
  const s = JSON.parse(m.data);
  $('now').textContent = s.ready ? 'ready' : 'not ready';
  $('now').className = s.ready ? 'good' : 'bad';
  document.title = (s.ready ? '' : '⚠ ') + 'afresh gateway';
  for (const k of ['per_second', 'recovered', 'failed']) $(k).textContent = number(s[k]);
  $('failed').className = s.failed ? 'bad' : '';
  $('refused').hidden = !s.refused_reload;
  $('refused').textContent = `The new configuration was refused, and all goes on as before. ${s.refused_reload}`;
  for (const k of ['p50', 'p99']) $(k).textContent = time(s[k]);
  keep($('sources'), s.sources.length, item);
  s.sources.forEach((x, i) => showSource($('sources').children[i], x));
  keep($('routes'), s.routes.length, route);
  s.routes.forEach((x, i) => showRoute($('routes').children[i], x));
  showHour(s.hour);
};
events.onerror = () => { $('now').textContent = 'the gateway does not answer'; $('now').className = 'bad'; };
)js";

} // namespace afresh::cli
