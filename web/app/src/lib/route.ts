import { decode, roomNameFrom } from './room-name.js';

export type Route =
  | { readonly page: 'lobby' }
  | {
      readonly page: 'room';
      readonly room: string;
      readonly name: string;
      readonly joinAtOnce: boolean;
    };

/** What an address of this site asks for: `/`, or `/r/ROOM` with `?name=NAME&join=1`. */
export function routeOf(address: Pick<URL, 'pathname' | 'searchParams'>): Route {
  const part = /^\/r\/([^/]+)\/?$/.exec(address.pathname)?.[1];
  const room = part === undefined ? '' : roomNameFrom(decode(part));
  if (room === '') return { page: 'lobby' };
  return {
    page: 'room',
    room,
    name: (address.searchParams.get('name') ?? '').trim(),
    joinAtOnce: address.searchParams.get('join') === '1',
  };
}

export function roomPath(room: string): string {
  return `/r/${encodeURIComponent(room)}`;
}
