// Test launcher for panva's oidc-provider. Loopback only. Prints one JSON line on stdout when ready.
// Env:
//  PORT=0            listen port (0: ephemeral)
//  TLS=1 PKI=dir     https; client certificates requested, not required (mTLS clients work on the same port)
//  MTLS_PORT=0|n     with TLS: a second listener that asks for client certs; then the main one does NOT
//                    (published as mtls_endpoint_aliases)
//  AT_TTL=5 RT_TTL=1209600 CLOCK_TOLERANCE=0 (seconds)
//  ROTATE=true|false|default   rotateRefreshToken
//  DPOP_NONCE=off|offer|require   off: no nonces; offer: supported, not required; require
//  RS_NONCE=off|rotate   rotate: /api/whoami wants to see the nonce of its last answer in each proof
//  AT_FORMAT=opaque|jwt  format for resource servers https://api.opaque.test / https://api.jwt.test (fixed) and default
//  STORE=map|lru     map: unbounded, keeps expired entries; lru: oidc-provider's own dev adapter (max 1000 entries!)
//  STORE_DELAY_MS=0  each find/consume takes this long (a real database): opens the classic check-then-act race
//  KEEPALIVE_MS=5000 node's server.keepAliveTimeout
//  LATENCY_MS=0      delay before handling POST /token (a request aborted meanwhile never reaches the grant)
//  ANSWER_DELAY_MS=0 delay of the answer to POST /token, after the grant was handled (rotated)
//  LOSE_ANSWER=0     probability that this answer is lost: the connection is destroyed instead (counted in /_test/stats)
//  STDIN_IS_LEASH=1  stop when stdin ends: the server does not outlive the test that holds the other end, however that dies
//  OIDCP=path        directory of another oidc-provider version's lib/index.js
// /_test/... is also served over plain http on the `control` port of the ready line, so that a test needs no TLS for it and
// its calls are not counted as the client's.
import './polyfill-node20.mjs';
import http from 'node:http';
import https from 'node:https';
import fs from 'node:fs';
import path from 'node:path';
import * as crypto from 'node:crypto';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as jose from 'jose';

const here = path.dirname(fileURLToPath(import.meta.url));
const E = process.env;
const num = (v, d) => (v === undefined || v === '' ? d : Number(v));
const PKI = E.PKI || path.join(here, 'pki');
const libPath = E.OIDCP ? pathToFileURL(path.resolve(E.OIDCP, 'lib/index.js')).href : 'oidc-provider';
const { default: Provider } = await import(libPath);
const pkg = JSON.parse(fs.readFileSync(E.OIDCP ? path.join(E.OIDCP, 'package.json')
  : path.join(here, 'node_modules/oidc-provider/package.json')));
const V9 = Number(pkg.version.split('.')[0]) >= 9;
const pem = (f) => fs.readFileSync(path.join(PKI, f));

// ---------- storage ----------
const store = new Map(); // key -> payload   (Model:id)
const byGrant = new Map();
const uidIdx = new Map(); const ucIdx = new Map();
const SD = num(E.STORE_DELAY_MS, 0);
const db = () => (SD ? new Promise((r) => setTimeout(r, SD)) : undefined);
class MapAdapter {
  constructor(name) { this.name = name; }
  key(id) { return `${this.name}:${id}`; }
  async upsert(id, payload) {
    const k = this.key(id);
    store.set(k, payload);
    if (payload.grantId) {
      let s = byGrant.get(payload.grantId); if (!s) byGrant.set(payload.grantId, s = new Set());
      s.add(k);
    }
    if (payload.uid) uidIdx.set(payload.uid, id);
    if (payload.userCode) ucIdx.set(payload.userCode, id);
  }
  async find(id) { const p = store.get(this.key(id)); if (SD) { const c = p && { ...p }; await db(); return c; } return p; }
  async findByUid(uid) { return this.find(uidIdx.get(uid)); }
  async findByUserCode(uc) { return this.find(ucIdx.get(uc)); }
  async consume(id) { await db(); const p = store.get(this.key(id)); if (p) p.consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { const p = store.get(this.key(id)); store.delete(this.key(id)); if (p?.grantId) byGrant.get(p.grantId)?.delete(this.key(id)); }
  async revokeByGrantId(gid) { for (const k of byGrant.get(gid) ?? []) if (k.startsWith(`${this.name}:`)) { store.delete(k); byGrant.get(gid).delete(k); } }
}

// ---------- clients ----------
const jwkOf = (file, extra) => ({ ...crypto.createPublicKey(pem(file)).export({ format: 'jwk' }), ...extra });
const x5c = (file) => pem(file).toString().replace(/-----[^-]+-----|\s/g, '');
const ALL = ['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code', 'urn:test:mint'];
const CB = ['http://127.0.0.1:8099/cb', 'https://127.0.0.1:8098/cb'];
const base = { grant_types: ALL, response_types: ['code'], redirect_uris: CB };
const HS_SECRET = 'hs256-secret-that-is-at-least-32-bytes-long!!';
const clients = [
  { ...base, client_id: 'basic', client_secret: 'basic-secret', token_endpoint_auth_method: 'client_secret_basic' },
  // RFC 6749 2.3.1: id and secret are form-urlencoded before base64
  { ...base, client_id: 'odd:id with/space', client_secret: 'a+b c%d:e&f=g/h?~', token_endpoint_auth_method: 'client_secret_basic' },
  { ...base, client_id: 'post', client_secret: 'post-secret', token_endpoint_auth_method: 'client_secret_post' },
  { ...base, client_id: 'pkjwt', token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [jwkOf('pkjwt-es256.pem', { kid: 'es1', use: 'sig', alg: 'ES256' }), jwkOf('pkjwt-rs256.pem', { kid: 'rs1', use: 'sig' })] } },
  { ...base, client_id: 'csjwt', client_secret: HS_SECRET, token_endpoint_auth_method: 'client_secret_jwt', token_endpoint_auth_signing_alg: 'HS256' },
  { ...base, client_id: 'public', token_endpoint_auth_method: 'none', grant_types: ALL.filter((g) => g !== 'client_credentials') },
  { ...base, client_id: 'native', application_type: 'native', redirect_uris: ['http://127.0.0.1/cb', 'http://[::1]/cb', 'com.example.app:/cb'],
    token_endpoint_auth_method: 'none', grant_types: ALL.filter((g) => g !== 'client_credentials') },
  { ...base, client_id: 'dpop', client_secret: 'dpop-secret', token_endpoint_auth_method: 'client_secret_basic', dpop_bound_access_tokens: true },
  { ...base, client_id: 'dpop-public', token_endpoint_auth_method: 'none', dpop_bound_access_tokens: true, grant_types: ALL.filter((g) => g !== 'client_credentials') },
  // hybrid flow: response_type="code id_token", response_mode=form_post (query is refused; a fragment never reaches a loopback listener)
  { ...base, client_id: 'hybrid', client_secret: 'hybrid-secret', application_type: 'native', redirect_uris: ['http://127.0.0.1/cb'],
    grant_types: [...ALL, 'implicit'], response_types: ['code', 'code id_token'] },
  { client_id: 'cc-only', client_secret: 'cc-secret', grant_types: ['client_credentials'], response_types: [], redirect_uris: [] },
];
const TLS = E.TLS === '1';
if (TLS) {
  clients.push(
    { ...base, client_id: 'mtls-ss', token_endpoint_auth_method: 'self_signed_tls_client_auth', tls_client_certificate_bound_access_tokens: true,
      jwks: { keys: [jwkOf('client-ss.pem', { x5c: [x5c('client-ss.pem')] })] } },
    { ...base, client_id: 'mtls-ca', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: 'CN=mtls-ca-client,O=Test',
      tls_client_certificate_bound_access_tokens: true },
    { ...base, client_id: 'mtls-san', token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'client.test' },
    { ...base, client_id: 'basic-bound', client_secret: 'basic-secret', tls_client_certificate_bound_access_tokens: true },
    { ...base, client_id: 'public-bound', token_endpoint_auth_method: 'none', tls_client_certificate_bound_access_tokens: true, grant_types: ALL.filter((g) => g !== 'client_credentials') },
  );
}

// ---------- configuration ----------
const AT_TTL = num(E.AT_TTL, 5);
const RT_TTL = num(E.RT_TTL, 14 * 86400);
const SCOPES = 'api:read api:write';
const resourceServers = {
  'https://api.opaque.test/': { scope: SCOPES, audience: 'https://api.opaque.test/', accessTokenFormat: 'opaque', accessTokenTTL: AT_TTL },
  'https://api.jwt.test/': { scope: SCOPES, audience: 'https://api.jwt.test/', accessTokenFormat: 'jwt', accessTokenTTL: AT_TTL, jwt: { sign: { alg: 'ES256' } } },
};
const { default: errs } = { default: (await import(libPath)).errors };
const nonceMode = E.DPOP_NONCE || 'off';
const certOf = (ctx) => {
  const c = ctx.req.socket.getPeerX509Certificate?.();
  return c ? (V9 ? c : c.toString()) : undefined;
};
const sigEc = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
const sigRsa = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const config = {
  clients,
  clockTolerance: num(E.CLOCK_TOLERANCE, 0),
  jwks: { keys: [{ ...sigEc, use: 'sig', alg: 'ES256', kid: 'as-es' }, { ...sigRsa, use: 'sig', alg: 'RS256', kid: 'as-rs' }] },
  cookies: { keys: [crypto.randomBytes(16).toString('hex')] },
  scopes: ['openid', 'offline_access', 'profile', 'api:read', 'api:write'],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none',
    ...(TLS ? ['tls_client_auth', 'self_signed_tls_client_auth'] : [])],
  enabledJWA: { dPoPSigningAlgValues: ['ES256', 'EdDSA', 'RS256', 'PS256'].slice(0, V9 ? 2 : 4) },
  features: {
    devInteractions: { enabled: true },
    dPoP: { enabled: true, nonceSecret: nonceMode === 'off' ? undefined : Buffer.alloc(32, 7), requireNonce: () => nonceMode === 'require' },
    deviceFlow: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: (ctx, client, oneOf) => (Array.isArray(oneOf) ? oneOf[0] : oneOf),
      useGrantedResource: () => E.USE_GRANTED === '1',
      getResourceServerInfo(ctx, uri) {
        const rs = resourceServers[uri]; if (!rs) throw new errs.InvalidTarget(); return rs;
      },
    },
    ...(TLS ? { mTLS: {
      enabled: true, certificateBoundAccessTokens: true, selfSignedTlsClientAuth: true, tlsClientAuth: true,
      getCertificate: certOf,
      certificateAuthorized: (ctx) => ctx.req.socket.authorized === true,
      certificateSubjectMatches(ctx, prop, expected) {
        const c = ctx.req.socket.getPeerX509Certificate(); if (!c) return false;
        if (prop === 'tls_client_auth_subject_dn') return c.subject.split('\n').reverse().join(',') === expected; // RFC 4514 order
        if (prop === 'tls_client_auth_san_dns') return c.checkHost(expected, { subject: 'never' }) !== undefined;
        return false;
      },
    } } : {}),
  },
  pkce: V9 ? undefined : { methods: ['S256'], required: (ctx, c) => c.clientAuthMethod === 'none' },
  ttl: { AccessToken: (ctx, t) => t.resourceServer?.accessTokenTTL ?? AT_TTL, ClientCredentials: (ctx, t) => t.resourceServer?.accessTokenTTL ?? AT_TTL,
    RefreshToken: RT_TTL, AuthorizationCode: 60, IdToken: 3600, Session: 3600, Grant: 14 * 86400, Interaction: 3600, DeviceCode: num(E.DEVICE_TTL, 600) },
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed('refresh_token'),
  expiresWithSession: async () => false,
  findAccount: async (ctx, id) => (id === 'gone' ? undefined : { accountId: id, claims: async () => ({ sub: id, name: `User ${id}` }) }),
  adapter: E.STORE === 'lru' ? undefined : MapAdapter,
  ...(E.ERR_JSON ? { renderError(ctx, out) { ctx.type = 'json'; ctx.body = out; } } : {}),
};
if (config.pkce === undefined) delete config.pkce;
if (config.adapter === undefined) delete config.adapter;
if (E.ROTATE !== 'default') config.rotateRefreshToken = (E.ROTATE ?? 'true') === 'true';

// ---------- listen, then build the provider (issuer needs the port) ----------
const kp = num(E.KEEPALIVE_MS, 5000);
const tlsOpts = (reqCert) => ({ key: pem(E.SERVER_KEY || 'server.key'), cert: pem(E.SERVER_CERT || 'server.pem'), ca: [pem('ca.pem')], requestCert: reqCert, rejectUnauthorized: false });
const mk = (reqCert) => (TLS ? https.createServer(tlsOpts(reqCert)) : http.createServer());
const listen = (srv, port) => new Promise((ok, no) => srv.once('error', no).listen(port, '127.0.0.1', () => ok(srv.address().port)));
const twoPorts = TLS && E.MTLS_PORT !== undefined;
const server = mk(!twoPorts); server.keepAliveTimeout = kp;
const port = await listen(server, num(E.PORT, 0));
const issuer = `${TLS ? 'https' : 'http'}://127.0.0.1:${port}`;
let server2; let port2;
if (twoPorts) {
  server2 = mk(true); server2.keepAliveTimeout = kp; port2 = await listen(server2, num(E.MTLS_PORT, 0));
  const a = `https://127.0.0.1:${port2}`;
  config.discovery = { mtls_endpoint_aliases: { token_endpoint: `${a}/token`, revocation_endpoint: `${a}/token/revocation`, introspection_endpoint: `${a}/token/introspection`,
    device_authorization_endpoint: `${a}/device/auth`, pushed_authorization_request_endpoint: `${a}/request`, userinfo_endpoint: `${a}/me` } };
}
const provider = new Provider(issuer, config);

// ---------- test-only: mint a grant family without a browser ----------
async function mint({ clientId, sub = 'alice', scope = 'openid offline_access api:read', resource, rtTtl, jkt, cert }) {
  const client = await provider.Client.find(clientId);
  if (!client) throw new errs.InvalidRequest('no such client');
  const grant = new provider.Grant({ accountId: sub, clientId });
  grant.addOIDCScope(scope);
  const resources = resource === undefined ? [] : [].concat(resource);
  for (const r of resources) grant.addResourceScope(r, SCOPES);
  const grantId = await grant.save();
  const rt = new provider.RefreshToken({
    accountId: sub, client, grantId, gty: 'authorization_code', scope, authTime: Math.floor(Date.now() / 1000), rotations: 0,
    resource: resources.length ? (resources.length === 1 ? resources[0] : resources) : undefined, claims: {},
    ...(rtTtl ? { expiresIn: Number(rtTtl) } : {}),
  });
  if (jkt) rt.jkt = jkt;
  if (cert) rt.setThumbprint('x5t', cert);
  return { refresh_token: await rt.save(), grantId, client };
}
provider.registerGrantType('urn:test:mint', async (ctx) => {
  const p = ctx.oidc.params; const { client } = ctx.oidc;
  const r = await mint({ clientId: client.clientId, sub: p.sub, scope: p.scope, resource: p.resource, rtTtl: p.rt_ttl });
  ctx.body = { access_token: 'none', token_type: 'Bearer', expires_in: 0, refresh_token: r.refresh_token, scope: p.scope };
}, ['sub', 'scope', 'resource', 'rt_ttl'], ['resource']);

const stats = { resource: {}, requests: 0, connections: 0, token: {}, errors: {} };
provider.on('grant.success', (ctx) => { const g = ctx.oidc.params.grant_type; stats.token[g] = (stats.token[g] || 0) + 1; });
provider.on('grant.error', (ctx, e) => { const k = `${e.message}: ${e.error_description ?? ''} [${e.error_detail ?? ''}]`; stats.errors[k] = (stats.errors[k] || 0) + 1;
  if (E.VERBOSE) console.error('grant.error', ctx.oidc?.params?.grant_type, k); });
provider.on('grant.revoked', (ctx, id) => { stats.revoked = (stats.revoked || 0) + 1; if (E.VERBOSE) console.error('grant.revoked', id); });
provider.on('server_error', (ctx, e) => console.error('server_error', ctx.method, ctx.path, e));
const cb = provider.callback();
const LAT = num(E.LATENCY_MS, 0);
const ANSWER_DELAY = num(E.ANSWER_DELAY_MS, 0);
const LOSE = num(E.LOSE_ANSWER, 0);
const json = (res, code, o, h = {}) => { const b = JSON.stringify(o); res.writeHead(code, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(b), ...h }); res.end(b); };
async function control(req, res) { // test-only
  const u = new URL(req.url, issuer);
  const q = Object.fromEntries(u.searchParams);
  const resources = u.searchParams.getAll('resource');
  try {
    if (u.pathname === '/_test/mint') {
      const r = await mint({ clientId: q.client_id, sub: q.sub, scope: q.scope, resource: resources.length ? resources : undefined, rtTtl: q.rt_ttl, jkt: q.jkt,
        cert: q.cert && new crypto.X509Certificate(pem(q.cert)) });
      return json(res, 200, { refresh_token: r.refresh_token, grant_id: r.grantId });
    }
    if (u.pathname === '/_test/stats') return json(res, 200, { ...stats, stored: store.size });
    if (u.pathname === '/_test/revoke_grant') {
      for (const M of ['AccessToken', 'RefreshToken', 'AuthorizationCode', 'DeviceCode']) await provider[M].revokeByGrantId(q.grant_id);
      await new MapAdapter('Grant').destroy(q.grant_id);
      return json(res, 200, {});
    }
    if (u.pathname === '/_test/drop_connections') { json(res, 200, {}); server.closeAllConnections(); server2?.closeAllConnections(); return undefined; }
  } catch (e) { return json(res, 400, { error: String(e.message), detail: e.error_description }); }
  return json(res, 404, {});
}
// RFC 9449 4.3 and 9, by jose: whose proof it is, or what is wrong with it.
const seen = new Set();
let rsNonce = crypto.randomUUID();
async function readProof(req, u, token, jkt) {
  const { payload, protectedHeader } = await jose.jwtVerify(req.headers.dpop ?? '', jose.EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256', 'EdDSA', 'PS256'] });
  const wrong = [];
  if (payload.htm !== req.method) wrong.push('htm');
  if (payload.htu !== `${issuer}${u.pathname}`) wrong.push('htu');
  if (payload.ath !== crypto.createHash('sha256').update(token).digest('base64url')) wrong.push('ath');
  if (Math.abs(payload.iat - Date.now() / 1000) > 30) wrong.push('iat');
  if (Buffer.from(payload.jti, 'base64url').length < 16 || seen.has(payload.jti)) wrong.push('jti');
  if (await jose.calculateJwkThumbprint(protectedHeader.jwk) !== jkt) wrong.push('jwk');
  seen.add(payload.jti);
  if (wrong.length) throw new Error(wrong.join());
  return payload;
}
// A bare protected resource for opaque tokens: Bearer, or DPoP when the token is bound to a key.
async function whoami(req, res, u) {
  const [scheme, token] = (req.headers.authorization ?? '').split(' ');
  const nonce = {};
  const refuse = (kind, error, more = {}) => {
    stats.resource[error] = (stats.resource[error] || 0) + 1;
    return json(res, 401, { error }, { 'www-authenticate': `${kind} realm="api", error="${error}", error_description="a, b"`, ...more });
  };
  if (!token) return json(res, 401, { error: 'unauthorized' }, { 'www-authenticate': 'Bearer realm="api", DPoP algs="ES256 EdDSA PS256"' });
  const at = await provider.AccessToken.find(token) ?? await provider.ClientCredentials.find(token);
  if (!at) return refuse(scheme, 'invalid_token');
  if (at.jkt || scheme !== 'Bearer') {
    if (!at.jkt || scheme !== 'DPoP') return refuse('DPoP', 'invalid_token');
    let proof;
    try { proof = await readProof(req, u, token, at.jkt); } catch (e) { console.error('proof:', e.message); return refuse('DPoP', 'invalid_dpop_proof'); }
    if (E.RS_NONCE === 'rotate') { // each is good once
      const good = proof.nonce === rsNonce;
      nonce['dpop-nonce'] = rsNonce = crypto.randomUUID();
      if (!good) return refuse('DPoP', 'use_dpop_nonce', nonce);
    }
  }
  return json(res, 200, { sub: at.accountId ?? at.clientId, scope: at.scope, exp: at.exp, scheme }, nonce);
}
async function handle(req, res) {
  const u = new URL(req.url, issuer);
  if (u.pathname.startsWith('/_test/')) return control(req, res);
  stats.requests++;
  if (u.pathname === '/api/whoami') return whoami(req, res, u);
  if (req.method === 'POST' && u.pathname === '/token' && (ANSWER_DELAY || LOSE)) {
    const end = res.end.bind(res);
    res.end = (...a) => {
      if (Math.random() < LOSE) { stats.lost = (stats.lost || 0) + 1; req.socket.destroy(); return res; }
      setTimeout(() => end(...a), ANSWER_DELAY); return res;
    };
  }
  if (LAT && req.method === 'POST' && u.pathname === '/token') await new Promise((r) => setTimeout(r, LAT));
  return cb(req, res);
}
for (const s of [server, server2].filter(Boolean)) { s.on('request', handle); s.on(TLS ? 'secureConnection' : 'connection', () => stats.connections++); }
const controlServer = http.createServer(control);
const controlPort = await listen(controlServer, 0);
console.log(JSON.stringify({ ready: true, pid: process.pid, issuer, port, mtlsPort: port2, control: controlPort, version: pkg.version, node: process.version }));
const stop = () => { for (const s of [server, server2, controlServer].filter(Boolean)) { s.closeAllConnections(); s.close(); } setTimeout(() => process.exit(0), 50); };
process.on('SIGTERM', stop); process.on('SIGINT', stop);
if (E.STDIN_IS_LEASH === '1') process.stdin.on('end', stop).on('error', stop).resume();
