// The server that this page belongs to, and who asks: nobody, a user, or the master key, which
// is kept in the memory of this page and nowhere else.

const main = document.getElementById("main") as HTMLElement;

export const server = {
  url: main.dataset.url ?? "",
  app: main.dataset.app ?? "",
  key: main.dataset.key ?? "",
  graphql: main.dataset.graphql ?? "",
  isDemo: "demo" in main.dataset,
  nonce: main.dataset.nonce ?? "",
};

export type Identity =
  | { kind: "nobody" }
  | { kind: "user"; name: string; token: string }
  | { kind: "master"; key: string };

declare global {
  interface Window {
    /** Who asks, for the tools in frames of this page. */
    portal?: { headers: () => Record<string, string>; watch: (act: () => void) => void };
  }
}

let identity: Identity = { kind: "nobody" };
const watchers = new Set<() => void>();

export const who = () => identity;

export function become(next: Identity): void {
  identity = next;
  for (const watch of watchers) watch();
}

export function watch(act: () => void): void {
  watchers.add(act);
  act();
}

/** The headers of who asks. */
export function headers(): Record<string, string> {
  const made: Record<string, string> = { "X-Parse-Application-Id": server.app };
  if (server.key) made["X-Parse-Javascript-Key"] = server.key;
  if (identity.kind === "user") made["X-Parse-Session-Token"] = identity.token;
  if (identity.kind === "master") made["X-Parse-Master-Key"] = identity.key;
  return made;
}

/** The headers as code shows them: without what is secret, which is nobody's but who asks. */
export function shownHeaders(): Record<string, string> {
  const shown = headers();
  if (shown["X-Parse-Session-Token"]) shown["X-Parse-Session-Token"] = "r:…";
  if (shown["X-Parse-Master-Key"]) shown["X-Parse-Master-Key"] = "…";
  return shown;
}

export interface Answer {
  status: number;
  milliseconds: number;
  bytes: number;
  text: string;
}

/** Ask the REST API. */
export async function ask(method: string, path: string, body = ""): Promise<Answer> {
  const started = performance.now();
  const hasBody = method !== "GET" && method !== "DELETE";
  const response = await fetch(server.url + path, {
    method,
    headers: { ...headers(), ...(hasBody ? { "Content-Type": "application/json" } : {}) },
    body: hasBody ? body || "{}" : undefined,
  });
  const text = await response.text();
  return {
    status: response.status,
    milliseconds: performance.now() - started,
    bytes: new TextEncoder().encode(text).length,
    text,
  };
}

/** JSON with its indents; any other text as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
