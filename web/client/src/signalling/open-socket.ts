import { io } from 'socket.io-client';
import type { SocketLike } from './signal.js';

/**
 * A Socket.IO socket on the namespace of calls. WebSocket first, because it is a round trip faster;
 * polling where a proxy lets no WebSocket through.
 */
export function openSocket(url: string): SocketLike {
  const origin = url.replace(/\/$/, '');
  return io(`${origin}/call`, {
    autoConnect: false,
    forceNew: true,
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    // A call is waiting on the other side of this: try soon and keep trying.
    reconnectionDelay: 250,
    reconnectionDelayMax: 2000,
    randomizationFactor: 0.3,
    timeout: 8000,
  });
}
