// Pages of a list by cursor: the rows past the last one that was shown, by the field they are sorted by
// and their id. However far one leafs, the server reads no more than a page, and a row that comes or
// goes meanwhile moves nothing.
import Parse from "parse";
import { useCallback, useReducer } from "react";
import { useChanges } from "./useLiveQuery";
import { useLoad } from "./useLoad";
import { keyOf, queryOf } from "./useQuery";

interface Options {
  /** A field that all rows have; with "-" before it: the greatest first. */
  sort: string;
  /** Which page, as `next` or `previous` of another one; "" is the first. */
  at: string;
  size: number;
  include?: string;
  /** Follow changes by Live Query, unless the class has none. */
  isLive?: boolean;
}

export interface Pages<T> {
  /** The newest answer; undefined while the first is on its way. */
  rows: T[] | undefined;
  /** How many rows there are on all pages. */
  count: number | undefined;
  next: string | undefined;
  previous: string | undefined;
  error: Error | undefined;
  reload: () => void;
}

type Way = "after" | "before";
interface Cursor {
  way: Way;
  value: string | number | Date;
  id: string;
}

/** A place beside a row, as text for an address. */
function placeOf(way: Way, row: Parse.Object, field: string): string {
  const value: unknown = row.get(field);
  return JSON.stringify([way, value instanceof Date ? { date: value.toISOString() } : value, row.id]);
}

/** The place that a text names; none for a text that was made up. */
function cursorOf(at: string): Cursor | undefined {
  try {
    const [way, said, id] = JSON.parse(at);
    const value = said?.date ? new Date(said.date) : said;
    const isPlace = (way === "after" || way === "before") && typeof id === "string" && ["string", "number", "object"].includes(typeof value);
    return isPlace ? { way, value, id } : undefined;
  } catch {
    return undefined;
  }
}

const copyOf = <T extends Parse.Object>(query: Parse.Query<T>) => Parse.Query.fromJSON(query.className, query.toJSON()) as Parse.Query<T>;

/** One row more than a page holds, beginning at the cursor; a page before it is asked for backwards. */
function pageQuery<T extends Parse.Object>(query: Parse.Query<T>, { sort, at, size, include }: Options): Parse.Query<T> {
  const field = sort.replace("-", "") as "createdAt";
  const cursor = cursorOf(at);
  const isFalling = sort.startsWith("-") !== (cursor?.way === "before");
  let asked = copyOf(query);
  if (cursor) {
    const past = (name: "createdAt", value: unknown) => {
      const rest = new Parse.Query<T>(query.className);
      return isFalling ? rest.lessThan(name, value as never) : rest.greaterThan(name, value as never);
    };
    const equal = past("objectId" as "createdAt", cursor.id).equalTo(field, cursor.value as never);
    asked = Parse.Query.and(query, Parse.Query.or(past(field, cursor.value), equal));
  }
  if (include) asked.include(include as never);
  return (isFalling ? asked.descending(field, "objectId" as never) : asked.ascending(field, "objectId" as never)).limit(size + 1);
}

/** Ask for a page as `usePages` does, so that its answers are known. */
export async function askForPage<T extends Parse.Object>(query: Parse.Query<T>, options: Options): Promise<T[]> {
  const [rows] = await Promise.all([pageQuery(query, options).find(), query.count()]);
  return rows.slice(0, options.size);
}

/**
 * A page of what a query finds; the query says which rows, and the options in which order.
 *
 *     const { rows, next, previous } = usePages(new Parse.Query(Order), { sort: "-createdAt", at, size: 20 });
 */
export function usePages<T extends Parse.Object>(query: Parse.Query<T> | null, options: Options): Pages<T> {
  const { at, size, sort, isLive = true } = options;
  const key = query && keyOf(query);
  const counted = useLoad(useCallback(async () => (key ? queryOf(key).count() : 0), [key]));
  const asked = query && keyOf(pageQuery(query, options));
  // While another page is on its way, the one before is shown: as what it was asked for.
  const found = useLoad(useCallback(async () => ({ rows: asked ? await queryOf<T>(asked).find() : [], at, sort }), [asked, at, sort]));
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const reload = () => {
    redraw(); // the SDK has written the new values into the objects that are shown
    counted.reload();
    found.reload();
  };
  useChanges(isLive ? query : null, reload);
  const shown = found.data;
  const field = sort.replace("-", "");
  const cursor = cursorOf(shown?.at ?? "");
  const isBack = cursor?.way === "before";
  const more = (shown?.rows.length ?? 0) > size;
  const taken = shown?.rows.slice(0, size);
  const rows = isBack ? taken?.reverse() : taken;
  const first = rows?.[0];
  const last = rows?.at(-1);
  const isOther = shown?.sort !== sort; // in another order its rows lie beside others
  const isStart = isOther || (isBack ? !more : cursor === undefined);
  const isEnd = isOther || (!isBack && !more);
  return {
    rows,
    count: counted.data,
    next: last && !isEnd ? placeOf("after", last, field) : undefined,
    // Where all rows of a page have gone, the first page is the way back.
    previous: isStart ? undefined : first ? placeOf("before", first, field) : cursor && "",
    error: found.error,
    reload,
  };
}
