// A bad network between the browsers and the server's media port: a UDP relay that loses, or cuts. It listens on
// another loopback address with the server's own port, so the server is to announce that address.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export const relayAddress = '127.0.0.2';

export class Relay {
  /** What share of the datagrams is lost, each way. */
  loss = 0;
  cut = false;
  seen = { carried: 0, lost: 0 };
  #front = createSocket('udp4');
  /** One socket towards the server for each client address, as a NAT has. */
  #backs = new Map();

  constructor(port) {
    this.port = port;
  }

  static async start(port) {
    const relay = new Relay(port);
    relay.#front.on('message', (bytes, from) => relay.#carry(() => relay.#backFor(from).send(bytes, port, '127.0.0.1')));
    relay.#front.bind(port, relayAddress);
    await once(relay.#front, 'listening');
    return relay;
  }

  close() {
    for (const socket of [this.#front, ...this.#backs.values()]) socket.close();
  }

  #backFor(client) {
    const key = `${client.address}:${client.port}`;
    let back = this.#backs.get(key);
    if (!back) {
      back = createSocket('udp4');
      back.on('message', (bytes) => this.#carry(() => this.#front.send(bytes, client.port, client.address)));
      this.#backs.set(key, back);
    }
    return back;
  }

  #carry(send) {
    if (this.cut || Math.random() < this.loss) {
      this.seen.lost += 1;
      return;
    }
    this.seen.carried += 1;
    send();
  }
}
