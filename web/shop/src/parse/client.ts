// The connection: which server, which application. Everything else imports `Parse` itself.
import Parse from "parse";
import { keepNewest } from "./newest";
import "./types";

interface Settings {
  applicationId: string;
  serverURL: string;
}

/** Read `config.json` beside the pages, and tell the SDK; throws if the file can't be read. */
export async function connect(): Promise<void> {
  const answer = await fetch(`${import.meta.env.BASE_URL}config.json`);
  const settings = (await answer.json()) as Settings;
  Parse.initialize(settings.applicationId, ""); // no JavaScript key: parsepy asks for none
  // Live Query speaks at the same address, with ws: instead of http:.
  Parse.serverURL = new URL(settings.serverURL, location.origin).href;
  keepNewest();
}
