/** How long after a rejoin somebody of the same name is taken for the one from before. */
const kSpanMs = 20_000;

/**
 * Who is who after the server was restarted: everybody has a new id then, and comes back at another moment. Only a
 * name that one person had is a name to go by.
 */
export class Heirs {
  private former = new Map<string, string>();
  private until = 0;
  private readonly taken = new Map<string, string>();

  /** The call was joined anew; `former` are the names by their old ids. */
  begin(former: ReadonlyMap<string, string>): void {
    const ids = new Map<string, string>();
    const twice = new Set<string>();
    for (const [id, name] of former) {
      if (ids.has(name)) twice.add(name);
      ids.set(name, id);
    }
    for (const name of twice) ids.delete(name);
    this.former = ids;
    this.taken.clear();
    this.until = Date.now() + kSpanMs;
  }

  /** The old id of somebody new, if there is no doubt. */
  formerOf(id: string, name: string): string | undefined {
    const known = this.taken.get(id);
    if (known !== undefined) return known;
    const former = Date.now() < this.until ? this.former.get(name) : undefined;
    if (former === undefined) return undefined;
    this.former.delete(name);
    this.taken.set(id, former);
    return former;
  }
}
