// The nginx.conf of a balancer in front of several server nodes, as text. Its paths are relative to nginx' own directory (-p), so the file that
// is kept beside a record works anywhere its ports are free; with TLS it needs a certificate again, for the run's is gone.
import type { Balancing } from '../contract/balancing.ts';

export interface BalancerPlan {
  readonly balancing: Balancing;
  readonly host: string;
  readonly port: number;
  /** Ports of the nodes, on the same host. */
  readonly nodePorts: readonly number[];
  /** Clients' connections at a time; each has another one to its node. */
  readonly connections: number;
  readonly backlog: number;
  readonly workers: number;
  /** How long a client's idle connection is kept. */
  readonly keepAliveMs: number;
  /**
   * A node that refused a connection is passed over for 10 s. After that it is given one connection, and no other until that one has ended
   * well: a node of streams stays empty. Without, each connection that a node refuses goes on to the next one.
   */
  readonly passiveChecks: boolean;
  /** After so long without a byte from a node a connection is cut; `null`: a stream may be silent for a day. */
  readonly idleTimeoutMs: number | null;
  /** Where it logs requests, in its usual format, relative to its directory; `null`: nowhere. */
  readonly accessLog: string | null;
  /** It serves https and wss; to the nodes it speaks in the clear. */
  readonly tls: { readonly certificateFile: string; readonly keyFile: string } | null;
}

/** A worker holds these besides: listening sockets, idle connections to nodes. */
const spareConnections = 512;

const pick: Readonly<Record<Balancing, readonly string[]>> = {
  'ip-hash': ['ip_hash;'],
  cookie: ['hash $sticky consistent;'],
  'round-robin': [],
  'least-conn': ['least_conn;'],
};

export function nginxConf(plan: BalancerPlan): string {
  return `${[
    `# ${plan.nodePorts.length} nodes, balanced by ${plan.balancing}`,
    'daemon off;',
    `worker_processes ${plan.workers};`,
    'pid nginx.pid;',
    'error_log stderr crit;',
    ...block('events', [`worker_connections ${2 * plan.connections + spareConnections};`]),
    ...block('http', [
      plan.accessLog === null ? 'access_log off;' : `access_log ${plan.accessLog};`,
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path temp;`),
      `keepalive_timeout ${plan.keepAliveMs}ms;`,
      '# Upgrade concerns one connection only, so a proxy passes it on where it is told to; other requests share the connections to a node.',
      "map $http_upgrade $connection_upgrade { default upgrade; '' ''; }",
      ...(plan.balancing === 'cookie' ? stickyCookie : []),
      ...block('upstream nodes', [
        '# What one worker knows of the nodes, all know.',
        'zone nodes 64k;',
        ...pick[plan.balancing],
        ...plan.nodePorts.map((port) => `server ${plan.host}:${port}${plan.passiveChecks ? '' : ' max_fails=0'};`),
        'keepalive 64;',
      ]),
      ...server(plan),
    ]),
  ].join('\n')}\n`;
}

/** nginx has no cookie of its own to stick by: who comes without one is given a random one, and its hash chooses the node. */
const stickyCookie = [
  "map $cookie_node $sticky { '' $request_id; default $cookie_node; }",
  "map $cookie_node $new_cookie { '' \"node=$request_id; Path=/; HttpOnly\"; default ''; }",
];

function server({ host, port, backlog, tls, balancing, idleTimeoutMs }: BalancerPlan): string[] {
  return block('server', [
    `listen ${host}:${port}${tls === null ? '' : ' ssl'} backlog=${backlog};`,
    ...(tls === null ? [] : [`ssl_certificate "${tls.certificateFile}";`, `ssl_certificate_key "${tls.keyFile}";`]),
    ...block('location /', [
      'proxy_pass http://nodes;',
      'proxy_http_version 1.1;',
      'proxy_set_header Host $http_host;',
      'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
      'proxy_set_header X-Forwarded-Proto $scheme;',
      'proxy_set_header Upgrade $http_upgrade;',
      'proxy_set_header Connection $connection_upgrade;',
      ...patience(idleTimeoutMs),
      'proxy_send_timeout 24h;',
      '# Events are to arrive when they are sent, not when a buffer is full.',
      'proxy_buffering off;',
      ...(balancing === 'cookie' ? ['add_header Set-Cookie $new_cookie always;'] : []),
    ]),
  ]);
}

function patience(idleTimeoutMs: number | null): string[] {
  if (idleTimeoutMs !== null) return [`proxy_read_timeout ${idleTimeoutMs}ms;`];
  return ['# A stream may be silent for long; after the default of 60 s it would be cut.', 'proxy_read_timeout 24h;'];
}

function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), '}'];
}
