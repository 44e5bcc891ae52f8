// A Node service that dies of an error nobody catches, after one that somebody does.
"use strict";

const Sentry = require("@sentry/node");

Sentry.init({
  dsn: process.env.SENTRY_DSN,
  release: "mailer@0.9.2",
  environment: "production",
  sendDefaultPii: true,
  includeLocalVariables: true,
});

class TemplateMissing extends Error {
  constructor(name, options) {
    super(`no template called ${name}`, options);
    this.name = "TemplateMissing";
  }
}

function loadTemplate(name) {
  const known = new Map([["welcome", "Hello"]]);
  try {
    return known.get(name).length;
  } catch (error) {
    throw new TemplateMissing(name, { cause: error });
  }
}

function sendMail(template, receiver) {
  return loadTemplate(template) + receiver.length;
}

async function main() {
  Sentry.setUser({ id: "9", email: "margaret@example.com" });
  Sentry.setTag("queue", "outgoing");
  Sentry.addBreadcrumb({ category: "mail", message: "3 mails wait", level: "info" });
  // More than 32 KB: the SDK packs it and sends it in chunks.
  Sentry.captureException(new RangeError("too many receivers"), {
    extra: { receivers: Array.from({ length: 60 }, (_, n) => `${n}`.repeat(900)) },
  });
  await Sentry.flush(10000);
  sendMail("goodbye", "margaret@example.com");
}

process.nextTick(() => {
  main().catch((error) => {
    setImmediate(() => {
      throw error;
    });
  });
});
