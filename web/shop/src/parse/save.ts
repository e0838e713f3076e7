// Saving fields of an object, one save after the other.

const saves = new Map<string, Promise<unknown>>();

/**
 * Save these fields; when they are refused, the object is as it was, and the error is thrown.
 *
 * The next save of the object waits: the SDK would send along with it what was refused meanwhile.
 */
export function saveFields(object: Parse.Object, fields: Record<string, unknown>): Promise<void> {
  const name = `${object.className} ${object.id}`;
  const saved = (saves.get(name) ?? Promise.resolve()).then(() => save(object, fields));
  saves.set(name, saved.catch(() => undefined));
  return saved;
}

async function save(object: Parse.Object, fields: Record<string, unknown>): Promise<void> {
  try {
    await object.save(fields as never);
  } catch (error) {
    object.revert();
    throw error;
  }
}

/** The fields that are not as they were: what others have changed meanwhile is theirs. */
export const changed = (before: Record<string, unknown>, now: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])));
