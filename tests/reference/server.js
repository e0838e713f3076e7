// Runs one real Parse Server for the tests: options as JSON in the first argument, any free port,
// one line "READY <port>" when it answers, and an end as soon as the parent closes our stdin.
'use strict';

const { ParseServer } = require('parse-server');

// Options that are functions come as "file.js:name".
const OWN_RULES = [
  'verifyUserEmails',
  'preventLoginWithUnverifiedEmail',
  'sendUserEmailVerification',
];

async function main() {
  const options = JSON.parse(process.argv[2]);
  for (const name of OWN_RULES) {
    if (typeof options[name] === 'string') {
      const [file, rule] = options[name].split(':');
      options[name] = require(file)[rule];
    }
  }
  const running = await ParseServer.startApp({
    host: '127.0.0.1',
    port: 0,
    mountPath: '/parse',
    silent: true,
    verifyServerUrl: false,
    ...options,
  });
  running.server.keepAliveTimeout = 75_000; // a client's idle connection is not cut as it is used
  process.stdin.on('end', () => process.exit(0));
  process.stdin.resume();
  process.stdout.write(`READY ${running.server.address().port}\n`);
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
