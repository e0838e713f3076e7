// The SDK keeps the values of an object once, for all who show it, and every answer and event writes them.
// They may come in another order than the server made them: what is older than what is known is not written.
import Parse from "parse";

type Json = Record<string, unknown> & { className: string; objectId?: string; updatedAt?: string };

export function keepNewest(): void {
  const read = Parse.Object.fromJSON;
  Parse.Object.fromJSON = function <T extends Parse.Object>(json: Json, ...how: boolean[]): T {
    // Users come out of the browser's storage, too, and with another session they are not older.
    if (json.objectId && json.updatedAt && json.className !== "_User") {
      const known = read.call(this, { className: json.className, objectId: json.objectId });
      if (known.updatedAt && known.updatedAt > new Date(json.updatedAt)) return known as T;
    }
    return read.call(this, json, ...how) as T;
  };
}
