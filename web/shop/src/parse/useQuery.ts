import Parse from "parse";
import { useCallback, useMemo } from "react";
import { useLoad, type Loaded } from "./useLoad";

export interface Found<T> {
  rows: T[];
  /** How many there are in all, if the query asks so (`withCount`). */
  count: number;
}

/** A query as text: two that ask the same have the same. */
export const keyOf = (query: Parse.Query): string =>
  JSON.stringify([query.className, query.toJSON()]);

/** The query of a text that `keyOf` made. */
export function queryOf<T extends Parse.Object>(key: string): Parse.Query<T> {
  const [className, json] = JSON.parse(key);
  return Parse.Query.fromJSON(className, json) as Parse.Query<T>;
}

async function find<T extends Parse.Object>(query: Parse.Query<T>): Promise<Found<T>> {
  const found: unknown = await query.find();
  // With `withCount` the SDK answers an object, whatever its types say.
  if (!Array.isArray(found)) return { rows: (found as { results: T[] }).results, count: (found as { count: number }).count };
  return { rows: found as T[], count: found.length };
}

/**
 * Find what a query asks for; again whenever it asks for something else. `null` asks for nothing.
 *
 *     const { data, error, isLoading, reload } = useQuery(new Parse.Query(Product).limit(10));
 */
export function useQuery<T extends Parse.Object>(query: Parse.Query<T> | null): Loaded<Found<T>> {
  const key = query && keyOf(query);
  const load = useCallback(
    async () => (key ? find(queryOf<T>(key)) : { rows: [], count: 0 }),
    [key],
  );
  return useLoad(load);
}

/** The same query as long as it asks the same: for dependencies of effects. */
export function useStable<T extends Parse.Object>(query: Parse.Query<T> | null): Parse.Query<T> | null {
  const key = query && keyOf(query);
  return useMemo(() => (key ? queryOf<T>(key) : null), [key]);
}
