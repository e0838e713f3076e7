import Parse from "parse";

/** The server's words about what it refused; for everything else, the error's. */
export const messageOf = (error: unknown): string =>
  error instanceof Error || error instanceof Parse.Error ? error.message : String(error);

/** Errors that say nothing about what the server did: it may have done it, and the answer was lost. */
const UNCERTAIN: number[] = [Parse.Error.CONNECTION_FAILED, Parse.Error.OTHER_CAUSE, Parse.Error.INVALID_JSON, Parse.Error.INTERNAL_SERVER_ERROR];

/** Did the server say no? Where the network failed, the SDK's error has no code at all. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof Parse.Error && typeof error.code === "number" && !UNCERTAIN.includes(error.code);

/** Was there no answer at all? */
export const isUnreachable = (error: unknown): boolean =>
  error instanceof TypeError || (error instanceof Error && [undefined, Parse.Error.CONNECTION_FAILED].includes((error as Parse.Error).code));

/** The field and the rule of a refusal such as "price: a number of at least 0". */
export function fieldOf(error: unknown): { field: string | undefined; message: string } {
  const message = messageOf(error);
  const found = /^(\w+)(?:\[\d+\])?: (.+)$/s.exec(message);
  return found ? { field: found[1], message: found[2] ?? message } : { field: undefined, message };
}
