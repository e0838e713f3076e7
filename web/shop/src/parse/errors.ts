import Parse from "parse";

/** The server's words about what it refused; for everything else, the error's. */
export const messageOf = (error: unknown): string =>
  error instanceof Error || error instanceof Parse.Error ? error.message : String(error);

export const isOffline = (error: unknown): boolean =>
  error instanceof Parse.Error && error.code === Parse.Error.CONNECTION_FAILED;

/** The field and the rule of a refusal such as "price: a number of at least 0". */
export function fieldOf(error: unknown): { field: string | undefined; message: string } {
  const message = messageOf(error);
  const found = /^(\w+)(?:\[\d+\])?: (.+)$/s.exec(message);
  return found ? { field: found[1], message: found[2] ?? message } : { field: undefined, message };
}
