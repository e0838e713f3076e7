// A request of the REST API as code, in the languages of the guides.

export interface Request {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** "" where the method has none. */
  body: string;
}

type Write = (request: Request) => string;

/** A text as a literal of JSON, which most languages read; `signs` are escaped besides. */
const quoted = (text: string, signs = "") =>
  JSON.stringify(text).replace(/[$]/g, (sign) => (signs.includes(sign) ? `\\${sign}` : sign));
/** A text for a shell, and for PHP. */
const forShell = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const forPhp = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
const each = (headers: Record<string, string>, write: (name: string, value: string) => string) =>
  Object.entries(headers).map(([name, value]) => write(name, value));

export const LANGUAGES: Record<string, Write> = {
  curl: ({ method, url, headers, body }) =>
    [
      `curl -X ${method}`,
      ...each(headers, (name, value) => `-H ${forShell(`${name}: ${value}`)}`),
      ...(body ? [`-d ${forShell(body)}`] : []),
      forShell(url),
    ].join(" \\\n  "),
  JavaScript: ({ method, url, headers, body }) =>
    `const response = await fetch(${quoted(url)}, {\n  method: "${method}",\n  headers: ${object(headers)},\n` +
    (body ? `  body: ${quoted(body)},\n` : "") +
    "});\nconsole.log(response.status, await response.json());",
  Python: ({ method, url, headers, body }) =>
    "import json\nimport urllib.request\n\n" +
    `request = urllib.request.Request(\n    ${quoted(url)},\n    method="${method}",\n    headers=${object(headers, "    ")},\n` +
    (body ? `    data=${quoted(body)}.encode(),\n` : "") +
    ")\nwith urllib.request.urlopen(request) as response:\n    print(response.status, json.load(response))",
  PHP: ({ method, url, headers, body }) =>
    `<?php\n$request = curl_init(${forPhp(url)});\ncurl_setopt_array($request, [\n    CURLOPT_CUSTOMREQUEST => '${method}',\n` +
    `    CURLOPT_RETURNTRANSFER => true,\n    CURLOPT_HTTPHEADER => [\n` +
    each(headers, (name, value) => `        ${forPhp(`${name}: ${value}`)},\n`).join("") +
    "    ],\n" +
    (body ? `    CURLOPT_POSTFIELDS => ${forPhp(body)},\n` : "") +
    "]);\necho curl_exec($request);",
  "Dart (Flutter)": ({ method, url, headers, body }) =>
    `import 'package:http/http.dart' as http;\n\nfinal request = http.Request("${method}", Uri.parse(${quoted(url, "$")}));\n` +
    each(headers, (name, value) => `request.headers[${quoted(name)}] = ${quoted(value, "$")};\n`).join("") +
    (body ? `request.body = ${quoted(body, "$")};\n` : "") +
    "final answer = await http.Response.fromStream(await request.send());\nprint(answer.body);",
  Swift: ({ method, url, headers, body }) =>
    `import Foundation\n\nvar request = URLRequest(url: URL(string: ${quoted(url)})!)\nrequest.httpMethod = "${method}"\n` +
    each(headers, (name, value) => `request.setValue(${quoted(value)}, forHTTPHeaderField: ${quoted(name)})\n`).join("") +
    (body ? `request.httpBody = Data(${quoted(body)}.utf8)\n` : "") +
    "let (data, _) = try await URLSession.shared.data(for: request)\nprint(String(decoding: data, as: UTF8.self))",
  "Kotlin (Android)": ({ method, url, headers, body }) =>
    "import java.net.HttpURLConnection\nimport java.net.URL\n\n" +
    `val request = URL(${quoted(url, "$")}).openConnection() as HttpURLConnection\nrequest.requestMethod = "${method}"\n` +
    each(headers, (name, value) => `request.setRequestProperty(${quoted(name)}, ${quoted(value, "$")})\n`).join("") +
    (body ? `request.doOutput = true\nrequest.outputStream.use { it.write(${quoted(body, "$")}.toByteArray()) }\n` : "") +
    "println(request.inputStream.bufferedReader().readText())",
  "C#": ({ method, url, headers, body }) =>
    "using System.Net.Http;\nusing System.Text;\n\nusing var client = new HttpClient();\n" +
    `using var request = new HttpRequestMessage(new HttpMethod("${method}"), ${quoted(url)});\n` +
    each(headers, (name, value) =>
      name === "Content-Type" ? "" : `request.Headers.Add(${quoted(name)}, ${quoted(value)});\n`,
    ).join("") +
    (body ? `request.Content = new StringContent(${quoted(body)}, Encoding.UTF8, "application/json");\n` : "") +
    "var answer = await client.SendAsync(request);\nConsole.WriteLine(await answer.Content.ReadAsStringAsync());",
};

function object(headers: Record<string, string>, indent = "  "): string {
  const lines = each(headers, (name, value) => `${indent}  ${quoted(name)}: ${quoted(value)},\n`);
  return `{\n${lines.join("")}${indent}}`;
}
