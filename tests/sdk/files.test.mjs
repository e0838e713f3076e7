// Files as an app handles them: every way to upload one, where it is shown, and how it goes away.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { before, test } from "node:test";
import * as shop from "./shop.mjs";

const { Parse, make, master } = shop;
const TEXT = "a mug, blue — 0.3 l";
const bytes = Buffer.from(TEXT);
// SDK 5.3 knows base64 only.
const modern = { skip: !Parse.File.prototype.setDirectory && "this SDK sends base64 only" };
let as;

before(async () => {
  ({ as } = await shop.customer());
});

const read = async (file, headers = {}) => fetch(file.url(), { headers });

test("base64 there and back", async () => {
  const file = await new Parse.File("mug.txt", { base64: bytes.toString("base64") }, "text/plain").save(as);
  assert.match(file.name(), /^[0-9a-f]{32}_mug\.txt$/);
  const answer = await read(file);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get("content-type"), /^text\/plain/);
  assert.equal(await answer.text(), TEXT);
});

test("an array of bytes, whose type gives the extension", async () => {
  const file = await new Parse.File("mug", [...bytes], "image/png").save(as);
  assert.match(file.name(), /_mug\.png$/);
  assert.deepEqual(Buffer.from(await (await read(file)).arrayBuffer()), bytes);
});

test("a data URI", async () => {
  const uri = `data:text/plain;base64,${bytes.toString("base64")}`;
  const file = await new Parse.File("mug.txt", { base64: uri }).save(as);
  assert.equal(await (await read(file)).text(), TEXT);
});

test("a buffer", modern, async () => {
  const file = await new Parse.File("mug.txt", bytes, "text/plain").save(as);
  assert.equal(await (await read(file)).text(), TEXT);
});

test("a buffer, as a binary body", modern, async () => {
  const file = await new Parse.File("mug.txt", bytes, "text/plain").save({ ...master, maxUploadSize: "1mb" });
  assert.equal(await (await read(file)).text(), TEXT);
});

test("a stream of 3 MB", modern, async () => {
  const piece = Buffer.alloc(1 << 20, "mug");
  const stream = Readable.from([piece, piece, piece]);
  const file = await new Parse.File("mugs.txt", stream, "text/plain").save(as);
  const got = Buffer.from(await (await read(file)).arrayBuffer());
  assert.ok(got.equals(Buffer.concat([piece, piece, piece])));
});

test("a stream with metadata, tags and a directory", modern, async () => {
  const file = new Parse.File("mug.txt", Readable.from([bytes]), "text/plain");
  file.setMetadata({ shelf: "7" });
  file.setTags({ season: "winter" });
  file.setDirectory("catalogue/2026");
  await file.save(master);
  assert.match(file.name(), /^catalogue\/2026\/[0-9a-f]{32}_mug\.txt$/);
  assert.equal(await (await read(file)).text(), TEXT);
});

test("metadata are kept and shown", async () => {
  const file = new Parse.File("mug.txt", { base64: bytes.toString("base64") }, "text/plain");
  file.addMetadata("shelf", "7");
  file.addTag("season", "winter");
  await file.save(as);
  const place = file.url().replace(`/files/${Parse.applicationId}/`, `/files/${Parse.applicationId}/metadata/`);
  assert.deepEqual(await (await fetch(place)).json(), { metadata: { shelf: "7" } });
});

test("a part of a file", async () => {
  const file = await new Parse.File("mug.txt", { base64: bytes.toString("base64") }, "text/plain").save(as);
  const answer = await read(file, { Range: "bytes=2-4" });
  assert.equal(answer.status, 206);
  assert.equal(await answer.text(), "mug");
});

test("an object shows where its file is", async () => {
  const Picture = await shop.newClass("Picture", (schema) => schema.addFile("file"));
  const file = await new Parse.File("mug.txt", { base64: bytes.toString("base64") }, "text/plain").save(as);
  const picture = await make(Picture).save({ file }, master);
  const found = await new Parse.Query(Picture).get(picture.id, master);
  assert.ok(found.get("file") instanceof Parse.File);
  assert.equal(found.get("file").name(), file.name());
  assert.equal(found.get("file").url(), file.url());
});

test("an object saves its new file first", async () => {
  const Picture = await shop.newClass("Picture", (schema) => schema.addFile("file"));
  const file = new Parse.File("mug.txt", { base64: bytes.toString("base64") }, "text/plain");
  await make(Picture, { file }).save(null, master);
  assert.equal(await (await read(file)).text(), TEXT);
});

test("the SDK reads the data back", async () => {
  const file = await new Parse.File("mug.txt", { base64: bytes.toString("base64") }, "text/plain").save(as);
  const again = Parse.File.fromJSON({ __type: "File", name: file.name(), url: file.url() });
  assert.equal(Buffer.from(await again.getData(), "base64").toString(), TEXT);
});

test("a destroyed file is gone", async () => {
  const file = await new Parse.File("mug.txt", { base64: bytes.toString("base64") }, "text/plain").save(as);
  await file.destroy(master);
  assert.equal((await read(file)).status, 404);
});

test("a page is refused, and so is who has not signed in", async () => {
  const page = () => new Parse.File("page.html", { base64: bytes.toString("base64") }, "text/html");
  await assert.rejects(page().save(as), (error) => error.code === Parse.Error.FILE_SAVE_ERROR);
  const file = new Parse.File("mug.txt", { base64: bytes.toString("base64") }, "text/plain");
  await assert.rejects(file.save(), (error) => error.code === Parse.Error.FILE_SAVE_ERROR);
});
