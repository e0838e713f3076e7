// Preloaded into Parse Server: sends what it asks of https:// to the made-up providers instead, which
// answer at FAKE_PROVIDERS/{host}/{path}.
'use strict';

const http = require('http');
const https = require('https');

const fake = new URL(process.env.FAKE_PROVIDERS);

function redirected(first, second) {
  let options = first;
  if (typeof first === 'string' || first instanceof URL) {
    const url = new URL(first);
    options = { hostname: url.hostname, path: `${url.pathname}${url.search}`, ...second };
  }
  const { hostname, host, path, pathname, search, method, headers, timeout } = options;
  const place = path || `${pathname || '/'}${search || ''}`;
  return {
    method,
    headers,
    timeout,
    hostname: fake.hostname,
    port: fake.port,
    path: `/${hostname || host}${place}`,
  };
}

https.request = (first, ...rest) => {
  const callback = rest.find(item => typeof item === 'function');
  const second = typeof rest[0] === 'object' ? rest[0] : {};
  return http.request(redirected(first, second), callback);
};

https.get = (...args) => {
  const request = https.request(...args);
  request.end();
  return request;
};

const fetched = globalThis.fetch;
globalThis.fetch = (url, init) => {
  const { protocol, host, pathname, search } = new URL(url);
  const place = `${fake.origin}/${host}${pathname}${search}`;
  return fetched(protocol === 'https:' ? place : url, init);
};
