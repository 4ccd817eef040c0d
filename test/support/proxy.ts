import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { listen } from './ports.js';

/** A server as its clients see it, which can go away and come back with its data. */
export interface Proxy {
  /** The given URL with the proxy's host and port. */
  url: string;
  /** Refuses connections and cuts those that are open. */
  down(): Promise<void>;
  up(): Promise<void>;
  /** Where connections go from now on. */
  target(url: string): void;
}

/** Stands between clients and the TCP server that `target` names. */
export async function startProxy(target: string): Promise<Proxy> {
  let to = new URL(target);
  const open = new Set<Socket>();
  let server: Server;

  const keep = (socket: Socket) => {
    open.add(socket);
    socket.on('error', () => socket.destroy()).on('close', () => open.delete(socket));
  };
  const serve = (port: number) => {
    server = createServer((client) => {
      const upstream = createConnection({ host: to.hostname, port: Number(to.port) });
      keep(client);
      keep(upstream);
      client.pipe(upstream).pipe(client);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    });
    return listen(server, port);
  };

  const port = await serve(0);
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    async down() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of open) socket.destroy();
      await closed;
    },
    async up() {
      await serve(port);
    },
    target(next) {
      to = new URL(next);
    },
  };
}
