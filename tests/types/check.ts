// What the generated types allow, and what they refuse: each refusal must be an error, or tsc says so.
import Parse from "parse";
import { DateObject, Everything, User } from "./everything";

async function use(): Promise<void> {
  const one = new Everything({ text: "a", number: 5 });
  const text: string = one.get("text");
  const perhaps: number | undefined = one.get("number");
  const when: Date | undefined = one.get("moment");
  const owner: User | undefined = one.get("owner");
  const name: string | undefined = owner?.get("username");
  one.set("place", new Parse.GeoPoint(1, 2));
  one.increment("number");
  const members: Parse.Relation<Everything, DateObject> | undefined = one.get("members");
  const found = await new Parse.Query(Everything).equalTo("text", "a").first();
  const parent: Everything | undefined = found?.get("parent");
  console.log(text, perhaps, when, name, members, parent, one.get("class"));
  // @ts-expect-error: there is no such field
  one.get("txt");
  // @ts-expect-error: a text is no number
  one.set("number", "five");
  // @ts-expect-error: a number is no text
  const wrong: number = one.get("text");
  // @ts-expect-error: no attribute of this name
  new Everything({ colour: "red" });
}
void use;
